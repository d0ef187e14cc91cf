"""Runners, keys, tokens, hooks and links: made, shown once, deleted."""
import pytest
from selenium.webdriver.common.keys import Keys


def test_add_and_remove_a_runner(page, server):
    page.open('/runners')
    assert [row.text.split('\n')[0] for row in page.all('.runner-row')] == ['Online', 'Online', 'Offline']
    assert 'api: Build/Image' in page.text('.runners')
    page.click('Add a runner')
    page.sees(f'penstock-runner --join {server.url} pjt_')
    page.sees('expires in 1')
    page.click('Remove the runner old-laptop')
    page.sees('Its token stops working at once.', 'dialog')
    page.click('Remove')
    page.gone('dialog')
    page.until('two left', lambda: len(page.all('.runner-row')) == 2)
    assert server.called('RemoveRunner') == [{'runnerId': 'r-3'}]


def test_a_new_runner_appears_by_itself(page, server):
    page.open('/runners')
    page.sees('Live', '.connection')
    server.world['runners'].append({'runnerId': 'r-9', 'name': 'build-9', 'status': 'online', 'lastSeen': 0, 'created': 1, 'currentJobs': []})
    server.emit('runner')
    page.sees('build-9', '.runners')


def test_an_access_key_is_shown_once(page):
    page.open('/settings')
    page.click('Create an access key')
    page.sees('AWS_SECRET_ACCESS_KEY=secret-', '.once')
    page.sees('codepipeline list-pipelines', '.once')
    page.sees('made just now')
    page.click('I have saved it')
    page.gone('.once')
    page.open('/settings')
    assert 'secret-' not in page.text()
    assert page.run('return JSON.stringify([sessionStorage, localStorage])').count('secret') == 0


def test_a_git_token(page, server):
    page.open('/settings')
    page.one('#git-token-description').send_keys('build machine', Keys.ENTER)
    page.sees('pgt_tttt', '.once')
    page.sees('git remote add penstock http://git:pgt_tttt', '.once')
    assert server.called('CreateGitToken') == [{'description': 'build machine'}]
    page.click('Delete the git token Ana’s laptop')
    page.click('Delete')
    page.gone('dialog')
    assert server.called('DeleteGitToken') == [{'tokenId': 't-1'}]
    page.until('it is gone', lambda: 'Ana’s laptop' not in page.text('[aria-labelledby=git-tokens]'))


def test_a_source_hook(page, server):
    page.open('/settings')
    page.click('Add a source hook')
    page.one('#hook-repository').send_keys('example')
    page.click('Add the hook')
    page.sees('Write the repository as owner/name.')
    page.one('#hook-repository').send_keys('/web')
    page.click('Add the hook')
    page.sees('/hooks/github/', '.once')
    given = server.called('PutSourceHook')[0]
    assert given['repository'] == 'example/web' and given['cloneUrl'] == 'https://github.com/example/web.git' and len(given['secret']) == 64
    assert given['secret'] in page.text('.once')
    page.sees('example/web', '[aria-labelledby=source-hooks] .entries')


def test_a_sign_in_link(page, server):
    page.open('/settings')
    page.one('#sign-in-user').send_keys('noor', Keys.ENTER)
    page.sees('/sign-in?token=', '.once')
    assert server.called('CreateSignInLink') == [{'userName': 'noor'}]


@pytest.mark.refusals
def test_what_was_typed_survives_a_failure(page, server):
    server.fail('CreateGitToken', 503, 'ServiceUnavailableException', 'the disk is full; make room, then try again')
    page.open('/settings')
    page.one('#git-token-description').send_keys('build machine', Keys.ENTER)
    page.sees('The disk is full; make room, then try again.')
    page.open('/settings')
    assert page.one('#git-token-description').get_attribute('value') == 'build machine'


@pytest.mark.refusals
def test_sign_out(page):
    page.open('/settings')
    page.click('Sign out')
    page.sees('Sign in to Penstock', 'h1')
