"""Each page renders each state, in both schemes and widths, without a fault."""
import time

import pytest

import mock_deployments
import mock_world


def addresses(server):
    """The pages of whatever world the server holds."""
    found = {'overview': '/', 'environments': '/environments', 'runners': '/runners', 'settings': '/settings', 'missing': '/nowhere'}
    for pipeline in server.world['pipelines']:
        path = f"/pipelines/{pipeline['name']}"
        if not pipeline['name'].startswith('p-'):
            found[f"pipeline {pipeline['name'][:20]}"] = path
        if pipeline['name'] == 'storefront':
            found['releases'] = '/environments/storefront/Release'
        for run in pipeline['executions']:
            execution = run['execution']
            path_of_run = f"{path}/executions/{execution['pipelineExecutionId']}"
            found[f"{execution['pipelineName'][:20]} {execution['number']}"] = path_of_run
            for stage in run['stages']:
                for action in stage['actions']:
                    if action.get('log'):
                        found[f"log {execution['number']} {action['name'][:12]}"] = f"{path_of_run}/{stage['name']}/{action['name']}"
    return found


WORLDS = {'demo': mock_world.demo_world, 'hostile': mock_world.hostile_world, 'empty': mock_world.empty_world, 'deploys': mock_deployments.deploys_world}


@pytest.mark.refusals
@pytest.mark.parametrize('world', WORLDS)
@pytest.mark.parametrize('width,scheme', [(1280, 'light'), (1280, 'dark'), (390, 'light'), (390, 'dark')])
def test_every_page_is_sound(page, server, world, width, scheme):
    server.reset(WORLDS[world]())
    page.size(width, 844)
    page.media(scheme)
    # Structure is the same in both schemes and widths: what can differ is looked at in all four.
    rules = () if (width, scheme) == (1280, 'light') else ('color-contrast', 'target-size', 'scrollable-region-focusable')
    faults = []
    for name, path in addresses(server).items():
        page.open(path)
        if path.count('/') == 6:
            page.until('log lines', lambda: page.all('.log-row'))
        if page.overflow() > 0:
            faults.append(f'{name}: {page.overflow()} px too wide')
        faults += [f'{name}: {fault}' for fault in page.accessibility_faults(rules)]
        if not page.is_inert():
            faults.append(f'{name}: text in the data became part of the page')
    assert not faults, '\n'.join(faults)


@pytest.mark.parametrize('pipeline,number,word', [
    ('shop', 12, 'Waiting for approval'), ('api', 204, 'Running'), ('worker', 31, 'Cancelling'), ('mail', 5, 'Queued'), ('nightly', 410, 'Failed'),
    ('docs-site', 77, 'Succeeded'), ('shop', 10, 'Cancelled'), ('shop', 8, 'Superseded')])
def test_states_have_words_and_icons(page, server, pipeline, number, word):
    run = next(r for r in server.pipeline(pipeline)['executions'] if r['execution']['number'] == number)
    page.open(f"/pipelines/{pipeline}/executions/{run['execution']['pipelineExecutionId']}")
    assert page.text('.page-title .status') == word
    assert page.all('.page-title .status svg')
    assert page.run('return document.title').startswith(f'{pipeline} #{number}')
    assert page.run("return document.querySelector('link[rel=icon]').href").startswith('data:image/svg+xml')


def test_overview(page):
    page.open('/')
    assert 'One approval waits for you' in page.text('.waiting-list')
    assert 'shop #12' in page.text('.waiting-list') and '3 commits' in page.text('.waiting-list')
    assert [e.text for e in page.all('.pipeline-name')] == ['shop', 'api', 'worker', 'mail', 'nightly', 'docs-site', 'legacy-import', 'checkout']
    assert "unknown key 'projcets'; did you mean 'projects'?" in page.text('.pipelines')
    page.click('Review and decide')
    page.until('the comment has the focus', lambda: page.focused() == 'approval-comment')


def test_empty_overview_teaches(page, server):
    server.reset(mock_world.empty_world())
    page.open('/')
    for words in ('Write the pipeline', f'git push {server.url}/git/hello main', 'Add a runner'):
        assert words in page.text()


def test_no_runner_is_said(page, server):
    server.world['runners'] = []
    page.open('/')
    assert 'No runner is online' in page.text('.notice')


def test_filter(page, server):
    server.reset(mock_world.hostile_world())
    page.open('/')
    page.one('#filter').send_keys('p-1')
    page.until('two rows', lambda: [e.text for e in page.all('.pipeline-name')] == ['p-10', 'p-11'])


def test_pipeline_page(page, server):
    page.open('/pipelines/shop')
    assert page.text('.graph').count('Succeeded') >= 2
    assert 'http://127.0.0.1:8080/git/shop' in page.text('.paste')
    rows = [e.text for e in page.all('.execution-row')]
    assert len(rows) == 5 and rows[0].startswith('#12') and 'stopped by ben: never gets healthy' in rows[2]


@pytest.mark.refusals
def test_a_repository_is_created_with_one_button(page, server):
    page.open('/pipelines/legacy-import')
    page.sees('The repository “legacy-import” does not exist on this server yet.')
    page.click('Create the repository')
    page.gone('.notice.is-info')
    assert server.called('CreateRepository') == [{'repositoryName': 'legacy-import'}]


def test_older_executions_are_fetched(page, server):
    shop = server.pipeline('shop')
    old = [mock_world.execution('shop', n, 'Succeeded', shop['executions'][1]['stages'], time.time() - 1e6, None, time.time() - 1e6 + 9) for n in range(140, 0, -1)]
    shop['executions'] = shop['executions'][:1] + old
    page.open('/pipelines/shop')
    assert len(page.all('.execution-row')) == 25
    page.click('Show older executions')
    page.until('100 rows', lambda: len(page.all('.execution-row')) == 100)
    page.click('Show older executions')
    page.until('141 rows', lambda: len(page.all('.execution-row')) == 141)
    page.gone('.history > .button')


def test_pipes_run_across_or_down(page, server):
    run = server.pipeline('api')['executions'][0]
    page.open(f"/pipelines/api/executions/{run['execution']['pipelineExecutionId']}")
    place = 'return [...document.querySelectorAll(".stage-box")].map(e => { const r = e.getBoundingClientRect(); return [r.left, r.top] })'
    wide = page.run(place)
    assert len({top for _, top in wide}) == 1 and [left for left, _ in wide] == sorted({left for left, _ in wide})
    page.size(390, 844)
    page.until('stages below each other', lambda: len({left for left, _ in page.run(place)}) == 1)
    narrow = page.run(place)
    assert [top for _, top in narrow] == sorted({top for _, top in narrow})


def test_ages_tick_and_show_universal_time(page, server):
    run = server.pipeline('mail')['executions'][0]
    page.open(f"/pipelines/mail/executions/{run['execution']['pipelineExecutionId']}")
    before = page.text('.story')
    page.until('the age to move', lambda: page.text('.story') != before)
    assert page.one('.story time').get_attribute('title').endswith(' UTC')


def test_nothing_moves_for_those_who_ask(page, server):
    page.media(motion='reduce')
    run = server.pipeline('api')['executions'][0]
    page.open(f"/pipelines/api/executions/{run['execution']['pipelineExecutionId']}")
    assert page.run('return document.getAnimations().length') == 0


@pytest.mark.refusals
def test_signed_out(page, server):
    server.signed_in = False
    page.open('/pipelines/shop')
    assert 'Sign in to Penstock' in page.text('h1') and 'penstock token sign-in' in page.text()
    assert page.accessibility_faults() == []
    server.signed_in = True
    page.click('I have signed in')
    page.sees('shop', 'h1')


@pytest.mark.refusals
def test_unknown_pipeline(page):
    page.open('/pipelines/never-heard-of')
    page.sees('There is no such page', 'h1')
