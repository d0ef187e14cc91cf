"""The engine's rules on the pages: what is shown of them, and what a person does about them."""
import pytest
from selenium.webdriver.common.keys import Keys

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


@pytest.mark.refusals
@pytest.mark.parametrize('button,mode', [('Retry Smoke of #18', 'FAILED_ACTIONS'), ('Retry all actions of Smoke of #18', 'ALL_ACTIONS')])
@pytest.mark.parametrize('where', ['pipeline', 'execution'])
def test_a_failed_stage_is_tried_again(page, server, button, mode, where):
    server.fail('RetryStageExecution', 400, 'StageNotRetryableException', "stage 'Smoke' was entered by another execution since")
    page.open('/pipelines/checkout' if where == 'pipeline' else path_of(server, 18))
    page.click(button)
    page.sees("Stage 'Smoke' was entered by another execution since.", stage('Smoke'))
    page.click(button)
    page.sees('Tried again 4 times', stage('Smoke'))
    page.gone('[aria-label^="Retry"]')
    assert server.called('RetryStageExecution')[1:] == [{
        'pipelineName': 'checkout', 'stageName': 'Smoke', 'retryMode': mode,
        'pipelineExecutionId': run_of(server, 18)['execution']['pipelineExecutionId']}]


@pytest.mark.refusals
def test_a_transition_is_disabled_with_a_reason_and_enabled(page, server):
    page.open('/pipelines/checkout')
    page.click('Disable the transition into Smoke…')
    page.until('it to stand still', lambda: page.run('return document.querySelector("dialog").getAnimations().length') == 0)
    assert page.accessibility_faults() == []
    page.click('Disable the transition')
    page.sees('Say why the transition is disabled', 'dialog')
    assert page.focused() == 'transition-reason' and server.called('DisableStageTransition') == []
    server.fail('DisableStageTransition', 400, 'ValidationException', "'reason' may have letters, digits, blanks and ! @ ( ) . * ? - only")
    page.press('night: quiet')
    page.press(Keys.ENTER)
    page.sees("'reason' may have letters, digits, blanks and ! @ ( ) . * ? - only.", 'dialog')
    page.press(*[Keys.BACKSPACE] * 12, 'night freeze', Keys.ENTER)
    page.gone('dialog')
    page.sees('Transition disabled by ana just now: “night freeze”', stage('Smoke'))
    assert server.called('DisableStageTransition')[1:] == [
        {'pipelineName': 'checkout', 'stageName': 'Smoke', 'transitionType': 'Inbound', 'reason': 'night freeze'}]
    page.click('Enable the transition into Smoke')
    page.button('Disable the transition into Smoke…')
    assert 'Transition disabled' not in page.text(stage('Smoke'))
    assert server.called('EnableStageTransition') == [{'pipelineName': 'checkout', 'stageName': 'Smoke', 'transitionType': 'Inbound'}]


def test_a_disabled_transition_says_who_and_why(page):
    page.open('/pipelines/checkout')
    page.sees('Transition disabled by mei 2 h ago: “release freeze”', stage('Release'))


@pytest.mark.refusals
@pytest.mark.parametrize('where', ['pipeline', 'execution'])
def test_a_stage_is_rolled_back_to_the_named_execution(page, server, where):
    page.open('/pipelines/checkout' if where == 'pipeline' else path_of(server, 15))
    server.fail('RollbackStage', 400, 'UnableToRollbackStageException', "stage 'Release' cannot be rolled back: an execution is in it")
    page.click('Release: Roll back to #15…')
    page.sees('Roll back Release to checkout #15?', 'dialog')
    assert server.called('RollbackStage') == []
    page.click('Roll back to #15')
    page.sees("Stage 'Release' cannot be rolled back: an execution is in it.", 'dialog')
    page.click('Roll back to #15')
    page.sees('checkout #21', 'h1')
    assert page.text('.page-title .tag') == 'Rollback to #15'
    assert server.called('RollbackStage')[1:] == [{
        'pipelineName': 'checkout', 'stageName': 'Release', 'targetPipelineExecutionId': run_of(server, 15)['execution']['pipelineExecutionId']}]


@pytest.mark.refusals
@pytest.mark.parametrize('where', ['pipeline', 'execution'])
def test_a_condition_is_shown_and_overridden(page, server, where):
    server.fail('OverrideStageCondition', 400, 'ConditionNotOverridableException', "the condition of stage 'Audit' has ended already")
    page.open('/pipelines/checkout' if where == 'pipeline' else path_of(server, 17))
    for words in ('Being asked', 'If not met, the stage fails', 'OfficeHours (DeploymentWindow): waiting for the deployment window'):
        page.sees(words, stage('Audit'))
    assert page.button('Log of the rule Quiet').get_attribute('href') == f'{server.url}/logs/log-shop-12/raw'
    assert page.accessibility_faults() == []
    page.click('Override the condition of Audit')
    page.sees("The condition of stage 'Audit' has ended already.", stage('Audit'))
    page.click('Override the condition of Audit')
    page.sees('Overridden', stage('Audit'))
    page.gone('[aria-label^="Override"]')
    assert server.called('OverrideStageCondition')[1:] == [{
        'pipelineName': 'checkout', 'stageName': 'Audit', 'conditionType': 'BEFORE_ENTRY',
        'pipelineExecutionId': run_of(server, 17)['execution']['pipelineExecutionId']}]
