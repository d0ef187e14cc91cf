"""A push is watched, approved, cancelled and run again in the browser, on the real server and runner."""
import pytest
from penstock_under_test import load_pipeline
from selenium.webdriver.common.keys import Keys

GATE = '''
name: gate
stages:
  - name: Source
    actions:
      - {name: App, provider: CodeCommit, configuration: {RepositoryName: gate, BranchName: main}, outputArtifacts: [App]}
  - name: Gate
    actions:
      - {name: Ask, provider: Manual}
'''
MINUTES = 180  # seconds; how long a deploy may take on a busy machine before the test gives up


def sees_soon(page, words, css='body'):
    page.until(f'{words!r} in {css}', lambda: words in page.text(css), MINUTES)


def test_a_push_is_watched_and_approved(page, server, shop):
    page.open('/pipelines/shop')
    page.sees('Never run')
    commit, execution_id = shop.push('Show the delivery date')
    sees_soon(page, '#1', '.executions')
    page.open(f'/pipelines/shop/executions/{execution_id}/Build/Images')
    sees_soon(page, 'building shop', '.log-rows')
    page.open(f'/pipelines/shop/executions/{execution_id}')
    sees_soon(page, 'waits for approval: Release/Approve', '.approval')
    assert commit[:7] in page.text('.changes') and 'Show the delivery date' in page.text('.changes')
    page.press('a')
    page.until('the comment has the focus', lambda: page.focused() == 'approval-comment')
    page.press('good on staging', Keys.TAB, Keys.ENTER)
    page.gone('.approval')
    sees_soon(page, 'Succeeded', '.page-title')
    assert 'admin approved: “good on staging”' in page.text('.graph')
    assert page.accessibility_faults() == []

    page.click('Run again')
    page.sees('shop #2', 'h1')
    sees_soon(page, 'waits for approval', '.approval')
    assert 'The same commit that is live now.' in page.text('.changes')
    page.one('#approval-comment').send_keys('once is enough')
    page.click('Reject')
    sees_soon(page, 'Failed', '.page-title')
    page.sees('Release/Approve was rejected. admin: “once is enough”')


def test_a_stuck_deploy_is_cancelled(page, server, shop):
    old = shop.cloud.task_definition()
    shop.clone.make_sick()
    _, execution_id = shop.push('Never healthy')
    page.open(f'/pipelines/shop/executions/{execution_id}')
    sees_soon(page, 'waits for approval', '.approval')
    page.click('Approve')
    page.until('the deploy to change the service', lambda: shop.changes(), MINUTES)
    page.click('Cancel…')
    page.sees('Deploy: the service goes back to its previous task definition.', 'dialog')
    page.one('#cancel-reason').send_keys('never gets healthy', Keys.ENTER)
    page.gone('dialog')
    sees_soon(page, 'Cancelled', '.page-title')
    assert 'Cancelled by admin: “never gets healthy”' in page.text()
    assert shop.cloud.task_definition() == old


def test_first_steps(page, server, make_runner):
    assert 'No pipeline yet.' in page.text()
    page.open('/settings')
    page.click('Create an access key')
    page.sees('AWS_SECRET_ACCESS_KEY=', '.once')
    page.one('#git-token-description').send_keys('laptop', Keys.ENTER)
    page.sees('laptop', '[aria-labelledby=git-tokens] .entries')
    page.open('/runners')
    page.click('Add a runner')
    page.sees(f'penstock-runner --join {server.url} ', '.is-secret')
    make_runner(server, 'runner')
    page.until('the runner appears', lambda: page.all('.runner-row'))
    assert page.text('.runner-row').startswith('Online')
    page.click('Pipelines')
    page.sees('1 runner is online already.')


@pytest.mark.refusals
def test_signing_in_again_elsewhere_does_not_break_this_tab(page, server):
    page.open('/settings')
    first = page.driver.current_window_handle
    page.driver.switch_to.new_window('tab')
    page.driver.get(server.call('CreateSignInLink')['url'])
    page.click('Sign in')
    page.sees('Pipelines', 'h1')
    page.driver.close()
    page.driver.switch_to.window(first)
    page.click('Create an access key')
    page.sees('AWS_SECRET_ACCESS_KEY=', '.once')
    page.click('Sign out')
    page.sees('Sign in to Penstock', 'h1')


@pytest.mark.refusals
def test_a_repository_is_made_and_a_run_waits_for_a_runner(page, server):
    load_pipeline(server, 'gate.yml', GATE)
    page.open('/pipelines/gate')
    page.click('Create the repository')
    page.gone('.notice.is-info')
    page.click('Run gate')
    page.sees('gate #1', 'h1')
    page.sees('Queued', '.page-title')
    page.press('c')
    page.sees('App: it is taken out of the queue before it starts.', 'dialog')
    page.click('Cancel the execution')
    page.sees('Cancelled', '.page-title')
