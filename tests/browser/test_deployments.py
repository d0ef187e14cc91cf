"""What a deployment tells: why it is stuck, how it was undone, the question in its midst, and what runs where."""
import pytest

import mock_deployments


@pytest.fixture(autouse=True)
def deploys(server):
    server.reset(mock_deployments.deploys_world())


def run_of(server, name, number):
    return next(run for run in server.pipeline(name)['executions'] if run['execution']['number'] == number)


def address(server, name, number, action=''):
    return f"/pipelines/{name}/executions/{run_of(server, name, number)['execution']['pipelineExecutionId']}{action}"


def test_the_overview_says_who_is_stuck(page, server):
    page.open('/')
    assert 'Release/Deploy does not get on: The image of container ‘web’' in page.text('.pipelines')
    page.click('See why')
    page.sees('It does not get on', '.notice.is-warn')


def test_why_it_is_stuck(page, server):
    page.open(address(server, 'storefront', 7))
    notice = page.text('.notice.is-warn')
    assert 'It does not get on: The image of container ‘web’ was built for another CPU type' in notice
    assert "does not contain descriptor matching platform 'linux/amd64'" in notice and 'Build it for linux/amd64' in notice
    page.click('See what ECS says')
    page.sees('storefront:42', '.deployment-targets')
    assert '0 of 3 new tasks running, 1 starting, 4 failed, 3 old tasks left' in page.text('.deployment-tasks')
    page.click('What ECS and the containers said 4 lines')
    page.sees('exec format error', '.evidence')
    page.click('How the task definition changes +1 −1')
    assert [e.text[0] for e in page.all('.diff .is-removed, .diff .is-added')] == ['-', '+']


def test_a_cause_that_comes_is_shown_at_once(page, server):
    document = run_of(server, 'storefront', 7)['stages'][1]['actions'][1]['deployment']
    cause = document.pop('cause')
    page.open(address(server, 'storefront', 7))
    page.sees('Show stars for reviews')
    assert not page.all('.notice.is-warn')
    document['cause'] = cause
    server.emit('action', pipelineName='storefront', status='InProgress')
    page.sees('It does not get on', '.notice.is-warn')


def test_how_it_was_undone(page, server):
    run_of(server, 'storefront', 6)['stages'][1]['actions'][1]['deployment']['cause'] = {'id': 'health-check', 'sentence': 'the health check fails', 'since': 1e9}
    page.open(address(server, 'storefront', 6, '/Release/Deploy'))
    words = page.text('.deployment')
    assert 'The service is back on storefront:40' in words and 'Asked by mei' in words
    assert 'done after 6.5 s (StopServiceDeployment)' in words
    assert 'Why it did not get on: The health check fails.' in words
    assert '240 requests for the old page’s files: 3 got 404, 0 failed otherwise.' in words


def test_the_question_in_the_middle(page, server):
    page.open(address(server, 'gateway', 9, '/Release/Deploy'))
    assert 'waits in the middle of a deployment' in page.text('.approval h2')
    assert 'Reject puts the old version back' in page.text('.approval') and '5% of the traffic goes to the new version' in page.text('.deployment')
    token = run_of(server, 'gateway', 9)['execution']['approval']['token']
    page.one('#approval-comment').send_keys('errors on the new one')
    page.click('Reject')
    page.until('the decision', lambda: server.called('PutApprovalResult'))
    assert server.called('PutApprovalResult')[0]['token'] == token
    assert server.called('PutApprovalResult')[0]['result'] == {'summary': 'errors on the new one', 'status': 'Rejected'}


@pytest.mark.refusals  # the mock has no execution #4 to go to
def test_what_runs_where_and_back_to_an_earlier_release(page, server):
    page.open('/environments')
    text = page.text('.environments')
    assert 'storefront / Release' in text and 'approved by mei' in text and '#7 is in the stage' in text
    assert 'replaced by gateway #9' in text and 'Nothing was released here yet.' in text
    page.click('storefront / Release')
    page.sees('Runs now')
    assert 'Its artifacts are no longer kept.' in page.text('.environments')
    page.click('Roll back to #4…')
    page.click('Roll back to #4')
    page.until('the order', lambda: server.called('RollbackStage'))
    assert server.called('RollbackStage')[0] == {'pipelineName': 'storefront', 'stageName': 'Release',
                                                 'targetPipelineExecutionId': '00000000-0000-4000-8000-000000000004'}


def test_no_environment_yet(page, server):
    server.world['pipelines'] = []
    page.open('/environments')
    page.sees('Nothing was deployed yet.')
