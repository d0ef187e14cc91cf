"""The engine's rules on the pages: what is shown of them, and what a person does about them."""
import mock_world


def run_of(server, number, pipeline='checkout'):
    return next(run for run in server.pipeline(pipeline)['executions'] if run['execution']['number'] == number)


def path_of(server, number):
    return f"/pipelines/checkout/executions/{run_of(server, number)['execution']['pipelineExecutionId']}"


def stage(name):
    return f'[aria-label="Stage {name}"]'


def test_a_skipped_stage_says_so(page, server):
    page.open(path_of(server, 16))
    assert page.text(f'{stage("Notify")} .status') == 'Skipped'


def test_a_rollback_names_what_it_goes_back_to(page, server):
    page.open(path_of(server, 19))
    assert page.text('.page-title .tag') == 'Rollback to #16'
    assert 'Rolled back by mei' in page.text('.story')
    page.open('/pipelines/checkout')
    assert page.text(f'{stage("Release")} .tag') == 'Rollback to #16'
    assert page.text('.executions .tag') == 'Rollback to #16'
    page.run('document.querySelector(".executions .tag a").click()')
    page.sees('checkout #16', 'h1')


def test_retries_are_counted(page, server):
    page.open(path_of(server, 18))
    page.sees('Tried again 3 times: 2 by hand, 1 by its condition', stage('Smoke'))
    page.open('/pipelines/checkout')
    page.sees('Tried again 3 times', stage('Smoke'))


def test_what_an_execution_waits_for(page, server):
    page.open(path_of(server, 20))
    assert page.text('.page-title .status') == 'Queued'
    assert 'the transition into stage Release is disabled: mei closed it: release freeze' in page.text('.story')
    page.open(path_of(server, 17))
    assert 'waiting for the deployment window' in page.text('.story')
    page.open('/pipelines/checkout')
    page.sees('#20 stands in front: the transition into stage Release is disabled', stage('Release'))


def test_the_target_and_the_worker_are_waited_for(page, server):
    target = run_of(server, 17)['stages'][4]
    del target['conditions']
    waits = ("waiting for execution 3 of pipeline 'shop' to finish with ecs/us-east-1/prod/shop", 'waiting for a job worker')
    for words in waits:
        target['actions'][0].update(mock_world.timed(dict(target['actions'][0], status='InProgress', wait=words), 0))
        page.open(path_of(server, 17))
        assert words in page.text(stage('Audit')) and page.text(f'{stage("Audit")} .status') == 'Queued'
