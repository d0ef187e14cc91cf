"""Freshness: the event stream, its loss and return, the session's end."""
import pytest


def execution_path(server, pipeline):
    return f"/pipelines/{pipeline}/executions/{server.pipeline(pipeline)['executions'][0]['execution']['pipelineExecutionId']}"


def finish(server, pipeline):
    run = server.pipeline(pipeline)['executions'][0]
    run['execution'].update(status='Succeeded', ended=run['execution']['started'] + 60)
    for stage in run['stages']:
        stage['status'] = 'Succeeded'
        for action in stage['actions']:
            action['status'] = 'Succeeded'
    server.change(pipeline, run)


def test_an_event_refreshes_what_is_shown(page, server):
    page.open(execution_path(server, 'api'))
    page.sees('Live', '.connection')
    finish(server, 'api')
    page.sees('Succeeded', '.page-title')
    page.until('the news is spoken', lambda: 'api #204: Succeeded' in page.run('return document.querySelector(".news").textContent'))


def test_many_events_make_few_readings(page, server):
    page.open(execution_path(server, 'api'))
    page.sees('Live', '.connection')
    page.until('the reading after the stream opened', lambda: len(server.called('GetExecutionDetail')) >= 2)
    before = len(server.called('GetExecutionDetail'))
    for _ in range(200):
        server.emit('action', pipelineName='api')
    finish(server, 'api')
    page.sees('Succeeded', '.page-title')
    assert len(server.called('GetExecutionDetail')) - before <= 5


def test_events_of_other_pipelines_are_left_alone(page, server):
    page.open(execution_path(server, 'api'))
    page.sees('Live', '.connection')
    page.until('the reading after the stream opened', lambda: len(server.called('GetExecutionDetail')) >= 2)
    before = len(server.called('GetExecutionDetail'))
    server.emit('action', pipelineName='shop')
    finish(server, 'api')
    page.sees('Succeeded', '.page-title')
    assert len(server.called('GetExecutionDetail')) - before == 1


@pytest.mark.refusals
def test_a_lost_stream_is_shown_and_comes_back(page, server):
    page.open(execution_path(server, 'api'))
    page.sees('Live', '.connection')
    server.events_refused = True
    server.drop_streams()
    page.sees('Reconnecting…', '.connection')
    run = server.pipeline('api')['executions'][0]
    run['execution']['status'] = 'Failed'
    server.events_refused = False
    page.sees('Live', '.connection')
    page.sees('Failed', '.page-title')


def test_one_stream_per_tab(page, server):
    page.open('/')
    page.sees('Live', '.connection')
    for name in ('Runners', 'Settings', 'Pipelines'):
        page.click(name)
        page.sees(name, 'h1')
    assert server.stream_count == 1


def test_a_hidden_tab_has_no_stream(page, server):
    page.open('/')
    page.sees('Live', '.connection')
    hide = '''Object.defineProperty(document, 'hidden', {configurable: true, value: arguments[0]});
              document.dispatchEvent(new Event('visibilitychange'))'''
    page.run(hide, True)
    page.until('the page let go', lambda: 'Live' not in page.text('.connection'))
    server.pipeline('api')['executions'][0]['execution']['status'] = 'Failed'
    page.run(hide, False)
    page.sees('Live', '.connection')
    page.until('it reads what it missed', lambda: page.all('.pipeline-row')[1].text.count('Failed'))
    assert server.stream_count == 2


@pytest.mark.refusals
def test_the_end_of_the_session_shows_sign_in_and_keeps_the_comment(page, server):
    path = execution_path(server, 'shop')
    page.open(path)
    page.one('#approval-comment').send_keys('half a thought')
    server.signed_in = False
    page.click('Approve')
    page.sees('Sign in to Penstock', 'h1')
    server.signed_in = True
    # The page may notice by itself before it is told.
    page.run('''[...document.querySelectorAll('button')].find(b => b.innerText.trim() === 'I have signed in')?.click()''')
    page.sees('shop #12', 'h1')
    assert page.one('#approval-comment').get_attribute('value') == 'half a thought'


@pytest.mark.refusals
def test_a_failed_reading_keeps_the_old_data_and_says_so(page, server):
    page.open('/')
    page.sees('Live', '.connection')
    page.until('the reading after the stream opened', lambda: len(server.called('GetOverview')) >= 2)
    server.fail('GetOverview', 500, 'InternalFailure', 'unable to read the database: disk I/O error')
    server.emit('execution', pipelineName='api')
    page.sees('What you see may be out of date. Unable to read the database: disk I/O error.')
    assert page.all('.pipeline-row')
    page.click('Try again')
    page.gone('.notice.is-warn:not(.pipeline-row *)')


@pytest.mark.refusals
def test_an_unreachable_server(page, server):
    server.fail('GetSession', 503, 'ServiceUnavailableException', 'the server is starting; try again in a few seconds', times=1)
    page.open('/')
    assert 'The server does not answer' in page.text('h1')
    assert 'The server is starting; try again in a few seconds.' in page.text()
    page.click('Try again')
    page.sees('Pipelines', 'h1')
