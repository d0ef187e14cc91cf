"""What a person does to an execution: approve, reject, cancel, run again."""
import pytest
from selenium.webdriver.common.keys import Keys

import mock_server


def run_of(server, pipeline, index=0):
    return server.pipeline(pipeline)['executions'][index]['execution']


def path_of(server, pipeline, index=0):
    return f"/pipelines/{pipeline}/executions/{run_of(server, pipeline, index)['pipelineExecutionId']}"


def test_approve_with_a_comment_by_keyboard_alone(page, server):
    path, token = path_of(server, 'shop'), run_of(server, 'shop')['approval']['token']
    page.open('/')
    page.press('j')
    page.until('the first row has the focus', lambda: page.focused() == 'Review and decide')
    page.press(Keys.ENTER)
    page.until('the comment has the focus', lambda: page.focused() == 'approval-comment')
    assert page.address() == path + '#approve'
    page.press('Looks right on staging, g o ? c')
    page.press(Keys.TAB)
    assert page.focused() == 'Approve'
    page.press(Keys.ENTER)
    page.gone('.approval')
    assert server.called('PutApprovalResult') == [{
        'pipelineName': 'shop', 'stageName': 'Release', 'actionName': 'Approve', 'token': token,
        'result': {'summary': 'Looks right on staging, g o ? c', 'status': 'Approved'}}]
    page.sees('Approved Release/Approve', '.toast')
    page.until('the heading has the focus', lambda: page.focused() == 'shop #12')
    page.sees('ana approved: “Looks right on staging, g o ? c”')
    page.sees('0 of 2 new tasks healthy')


def test_what_goes_live(page, server):
    page.open(path_of(server, 'shop'))
    approval = run_of(server, 'shop')['approval']
    panel = page.text('.approval')
    for words in ('Show the delivery date in the basket', 'Ana Ruiz', '3 commits', approval['changes']['from'][:7], approval['changes']['to'][:7],
                  'expires in 7 days', 'Releases to prod'):
        assert words in panel
    above = page.run('return document.querySelector(".approval").getBoundingClientRect().top < document.querySelector("h1").getBoundingClientRect().top')
    assert above


def test_reject_needs_a_comment(page, server):
    page.open(path_of(server, 'shop'))
    page.click('Reject')
    page.sees('Say in the comment why you reject', '.approval')
    assert page.focused() == 'approval-comment' and server.called('PutApprovalResult') == []
    page.press('prices are wrong')
    page.click('Reject')
    page.gone('.approval')
    assert server.called('PutApprovalResult')[0]['result'] == {'summary': 'prices are wrong', 'status': 'Rejected'}
    page.sees('Failed', '.page-title')
    page.sees('Release/Approve was rejected. ana: “prices are wrong”')


@pytest.mark.refusals
def test_a_comment_survives_a_failed_request_and_a_reload(page, server):
    server.fail('PutApprovalResult', 503, 'ServiceUnavailableException', 'the database is busy; try again in a few seconds')
    page.open(path_of(server, 'shop'))
    page.one('#approval-comment').send_keys('checked the totals')
    page.click('Approve')
    page.sees('The database is busy; try again in a few seconds. Your comment is kept.', '.approval')
    page.open(path_of(server, 'shop'))
    assert page.one('#approval-comment').get_attribute('value') == 'checked the totals'
    page.click('Approve')
    page.gone('.approval')
    assert page.run('return Object.keys(sessionStorage)') == []


@pytest.mark.refusals
def test_a_decision_that_came_too_late(page, server):
    page.open(path_of(server, 'shop'))
    server.fail('PutApprovalResult', 400, 'ApprovalAlreadyCompletedException', "'Release/Approve' was answered by ben already")
    page.click('Approve')
    page.sees("'Release/Approve' was answered by ben already.", '.approval')


def test_a_double_click_is_one_decision(page, server):
    gate = server.hold('PutApprovalResult')
    page.open(path_of(server, 'shop'))
    page.run('''const b = [...document.querySelectorAll("button")].find(b => b.innerText.trim() == "Approve"); b.click(); b.click(); b.click()''')
    page.click('Reject')
    page.until('the call', lambda: server.called('PutApprovalResult'))
    gate.set()
    page.gone('.approval')
    assert len(server.called('PutApprovalResult')) == 1


def test_a_decision_by_another_person_takes_the_panel_away(page, server):
    page.open(path_of(server, 'shop'))
    page.sees('Live', '.connection')
    run = server.pipeline('shop')['executions'][0]
    mock_server.decide(run, {'stageName': 'Release', 'actionName': 'Approve', 'result': {'status': 'Approved', 'summary': 'fine'}}, by='ben')
    server.change('shop', run)
    page.gone('.approval')
    page.sees('ben approved: “fine”')


def test_cancel_says_the_outcome_first(page, server):
    page.open(path_of(server, 'api'))
    page.press('c')
    page.sees('Image: the build’s container is killed.', 'dialog')
    page.sees('The execution ends when that has been seen done.', 'dialog')
    page.until('it to stand still', lambda: page.run('return document.querySelector("dialog").getAnimations().length') == 0)
    assert page.accessibility_faults() == []
    page.one('#cancel-reason').send_keys('wrong branch')
    page.press(Keys.ESCAPE)
    page.gone('dialog')
    assert server.called('StopPipelineExecution') == []
    page.click('Cancel…')
    assert page.one('#cancel-reason').get_attribute('value') == 'wrong branch'
    page.click('Cancel the execution')
    page.gone('dialog')
    execution = run_of(server, 'api')
    assert server.called('StopPipelineExecution') == [
        {'pipelineName': 'api', 'pipelineExecutionId': execution['pipelineExecutionId'], 'abandon': True, 'reason': 'wrong branch'}]
    page.sees('Cancelling', '.page-title')
    page.sees('Being cancelled by ana: “wrong branch”')


def test_cancel_of_a_deploy_promises_the_old_version(page, server):
    run = server.pipeline('shop')['executions'][0]
    mock_server.decide(run, {'stageName': 'Release', 'actionName': 'Approve', 'result': {'status': 'Approved', 'summary': ''}})
    page.open(path_of(server, 'shop'))
    page.click('Cancel…')
    page.sees('Deploy: the service goes back to its previous task definition.', 'dialog')


def test_the_focus_returns_after_a_dialog(page, server):
    page.open(path_of(server, 'api'))
    button = page.button('Cancel…')
    page.run('arguments[0].focus()', button)
    page.press(Keys.ENTER)
    page.one('dialog')
    page.press(Keys.ESCAPE)
    page.gone('dialog')
    assert page.focused() == 'Cancel…'


@pytest.mark.refusals
def test_a_refused_cancel_stays_open_and_says_why(page, server):
    page.open(path_of(server, 'api'))
    server.fail('StopPipelineExecution', 400, 'PipelineExecutionNotStoppableException', 'the execution has ended already')
    page.click('Cancel…')
    page.click('Cancel the execution')
    page.sees('The execution has ended already.', 'dialog')


def test_stop_watching_an_undo(page, server):
    page.open(path_of(server, 'worker'))
    assert 'Release/Deploy' in page.text('.is-undoing')
    page.click('Stop watching…')
    page.sees('What the provider is running stays as it is', 'dialog')
    page.click('Stop watching')
    page.gone('dialog')
    assert server.called('AbandonAction')[0]['actionName'] == 'Deploy'
    page.sees('Cancelled', '.page-title')


def test_run_again_takes_the_same_commits_and_goes_there(page, server):
    old = run_of(server, 'shop', 3)
    page.open(path_of(server, 'shop', 3))
    page.click('Run again')
    page.sees('shop #13', 'h1')
    assert server.called('StartPipelineExecution') == [{'name': 'shop', 'sourceRevisions': [
        {'actionName': 'App', 'revisionType': 'COMMIT_ID', 'revisionValue': old['revisions'][0]['revisionId']}]}]
    assert page.address() == path_of(server, 'shop')


@pytest.mark.refusals
def test_run_from_the_overview_and_its_refusal(page, server):
    page.open('/')
    server.fail('StartPipelineExecution', 429, 'LimitExceededException', "pipeline 'legacy-import' has 50 executions waiting; wait for one to end")
    page.click('Run legacy-import')
    page.sees("Pipeline 'legacy-import' has 50 executions waiting; wait for one to end.")
    page.click('Run legacy-import')
    page.sees('legacy-import #1', 'h1')
    page.sees('Queued', '.page-title')
