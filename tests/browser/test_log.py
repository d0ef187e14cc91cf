"""The log: live, coloured, linked, searched, and a million lines long."""
import pytest
from selenium.webdriver.common.keys import Keys

import mock_logs
import mock_server
import mock_world


def log_path(server, pipeline='shop', index=0, log=None):
    run = server.pipeline(pipeline)['executions'][index]
    for stage in run['stages']:
        for action in stage['actions']:
            if action.get('log'):
                if log:
                    action['log']['logId'] = log
                return f"/pipelines/{pipeline}/executions/{run['execution']['pipelineExecutionId']}/{stage['name']}/{action['name']}"
    raise AssertionError('no log')


def open_log(page, path):
    page.open(path)
    page.until('lines', lambda: page.all('.log-row .log-text') and settled(page))


def in_sight(page):
    """The numbers of the lines that can be seen, and that their text is there."""
    return page.run('''const box = document.querySelector('.log-box').getBoundingClientRect();
        return [...document.querySelectorAll('.log-row')].filter(r => { const b = r.getBoundingClientRect(); return b.bottom > box.top + 1 && b.top < box.bottom - 1 })
               .map(r => Number(r.querySelector('.log-number').innerText))''')


def settled(page):
    return in_sight(page) and not page.all('.log-wait')


def at_end(page):
    return page.run('const b = document.querySelector(".log-box"); return b.scrollHeight - b.scrollTop - b.clientHeight < 2')


def scroll(page, expression):
    page.run(f'const b = document.querySelector(".log-box"); b.scrollTop = {expression}')


def test_colours_and_rewritten_lines(page, server):
    open_log(page, log_path(server))
    assert page.text('[data-line="8"] .log-text') == 'warning: 3 pictures are larger than 1 MB'
    assert page.all('[data-line="8"] .a-3')
    assert page.text('[data-line="9"] .log-text') == 'Downloading layers 100 %'
    assert page.all('[data-line="24"] .log-text span[style*="background"]')


def test_live_lines_are_followed_until_the_reader_scrolls_up(page, server):
    log = server.logs['log-live']
    open_log(page, log_path(server, 'api'))
    page.sees('Following the end', '.log-foot')
    for part in range(5):
        log.append(*[f'line {part * 100 + n}' for n in range(100)])
        page.until('the newest line', lambda: f'line {part * 100 + 99}' in page.text('.log-rows'))
        page.until('the end in sight', lambda: at_end(page))
    scroll(page, 'b.scrollTop - 400')
    page.sees('Follow the end', '.log-foot')
    stays = in_sight(page)[0]
    log.append(*[f'more {n}' for n in range(300)])
    page.sees('812 lines, live', '.log-foot')
    assert in_sight(page)[0] == stays
    page.click('Follow the end')
    page.sees('more 299', '.log-rows')
    log.append('the very last')
    page.sees('the very last', '.log-rows')
    log.close()
    page.until('no longer live', lambda: page.text('.log-foot').startswith('813 lines') and 'live' not in page.text('.log-foot'))


def test_following_outlasts_a_change_of_what_stands_above(page, server):
    server.logs['log-live'].append(*[f'line {n}' for n in range(500)])
    open_log(page, log_path(server, 'api'))
    page.sees('Following the end', '.log-foot')
    page.sees('Live', '.connection')
    action = server.pipeline('api')['executions'][0]['stages'][1]['actions'][2]
    for change in ({'summary': 'step 10 of 14', 'percentComplete': 70}, {'summary': '', 'percentComplete': None}) * 2:
        action.update(change)
        server.change('api', server.pipeline('api')['executions'][0])
        page.until('the change', lambda: bool(page.all('main > progress')) == bool(change['percentComplete']))
        page.until('the end in sight', lambda: at_end(page))
        server.logs['log-live'].append(f'after {change["summary"]}.')
        page.sees(f'after {change["summary"]}.', '.log-rows')
        assert 'Following the end' in page.text('.log-foot')
    for height in (1100, 700, 1000, 900):
        page.size(1280, height)
        page.until('the size', lambda: page.run('return innerHeight') == height)
        server.logs['log-live'].append(f'at {height}.')
        page.sees(f'at {height}.', '.log-rows')
        page.until('the end in sight', lambda: at_end(page))
        assert 'Following the end' in page.text('.log-foot')


def test_scrolling_back_to_the_end_follows_again(page, server):
    log = server.logs['log-live']
    log.append(*[f'line {n}' for n in range(500)])
    open_log(page, log_path(server, 'api'))
    page.sees('Following the end', '.log-foot')
    scroll(page, '0')
    page.sees('Follow the end', '.log-foot')
    scroll(page, 'b.scrollHeight')
    page.sees('Following the end', '.log-foot')


def test_a_million_lines(page, server):
    path = log_path(server, log='log-million')
    open_log(page, path)
    page.sees('1,000,000 lines', '.log-foot')
    assert len(page.all('.log-row')) < 150
    page.click('To the end')
    page.sees('line 1000000 ', '.log-rows')
    assert in_sight(page)[-1] == 1000000
    for share in (0.25, 0.5, 0.9, 0):
        scroll(page, f'(b.scrollHeight - b.clientHeight) * {share}')
        page.until('lines', lambda: settled(page) and abs(in_sight(page)[0] - share * 1_000_000) < 2500)
        lines = in_sight(page)
        assert lines == list(range(lines[0], lines[0] + len(lines))) and len(lines) >= 15
    assert len(page.all('.log-row')) < 150
    read = sum(given['count'] for given in server.called('log'))
    assert read < 20000


def test_small_steps_in_a_million_lines_are_exact(page, server):
    open_log(page, log_path(server, log='log-million') + '#L500000')
    page.until('the line', lambda: 500000 in in_sight(page))
    before = in_sight(page)[0]
    page.run('document.querySelector(".log-box").scrollTop += 200')
    page.until('ten lines on', lambda: in_sight(page)[0] == before + 10)


def test_links_to_lines(page, server):
    path = log_path(server, index=3)
    open_log(page, path + '#L100-L120')
    page.until('21 selected lines', lambda: len(page.all('.log-row.is-selected')) == 21)
    assert {100, 110} <= set(in_sight(page))
    page.run('document.querySelector("[data-line=\\"104\\"] .log-number").click()')
    assert page.address() == path + '#L105'
    page.run('document.querySelector("[data-line=\\"109\\"] .log-number").dispatchEvent(new MouseEvent("click", {bubbles: true, cancelable: true, shiftKey: true}))')
    assert page.address() == path + '#L105-L110'
    page.until('6 selected lines', lambda: len(page.all('.log-row.is-selected')) == 6)


def test_a_failed_log_opens_at_its_first_error(page, server):
    open_log(page, log_path(server, index=3))
    at = mock_logs.FAILED.index('\x1b[31m✖ prices round half up (3.1ms)\x1b[0m') + 1
    page.until('the first error', lambda: at in in_sight(page))
    assert page.all(f'[data-line="{at - 1}"].is-selected')


def test_first_error_far_away(page, server):
    open_log(page, log_path(server, log='log-million'))
    page.press('e')
    page.until('the error', lambda: 876544 in in_sight(page) and settled(page), seconds=120)
    assert page.text('[data-line="876543"] .log-text') == 'error: needle in the haystack'


def test_find(page, server):
    open_log(page, log_path(server, index=3))
    page.press('/')
    page.until('the search field', lambda: page.focused() == 'find')
    page.press('CASE 1')
    page.sees('1 of 122', '.find-count')
    assert page.text('.is-current .log-text mark') == 'case 1'
    page.press(Keys.ENTER)
    page.sees('2 of 122', '.find-count')
    page.one('#find').send_keys(Keys.SHIFT, Keys.ENTER)
    page.sees('1 of 122', '.find-count')
    page.run('document.activeElement.blur()')
    page.press('n', 'n', 'p')
    page.sees('2 of 122', '.find-count')
    page.one('#find').send_keys('000')
    page.sees('not found', '.find-count')
    page.press(Keys.ESCAPE)
    page.gone('.find')
    assert not page.all('.log mark')


def test_find_reads_the_whole_log(page, server):
    server.logs['log-big'] = mock_logs.MillionLines(60_000, 51_234)
    open_log(page, log_path(server, log='log-big'))
    page.press('/')
    page.until('the search field', lambda: page.focused() == 'find')
    page.press('needle')
    page.until('the line', lambda: 51235 in in_sight(page), seconds=60)
    page.sees('1 of 1', '.find-count')


def test_wrapping_keeps_the_place_and_shows_all(page, server):
    server.logs['log-wide'] = mock_logs.Log([f'{n} ' + 'wide ' * (80 if n % 3 == 0 else 2) for n in range(3000)])
    open_log(page, log_path(server, log='log-wide') + '#L1500')
    page.until('the line', lambda: 1500 in in_sight(page))
    page.press('w')
    page.until('wrapped', lambda: page.all('.is-wrapped'))
    page.until('the place is kept', lambda: abs(in_sight(page)[0] - 1490) < 25)
    assert page.run('const b = document.querySelector(".log-box"); return b.scrollWidth <= b.clientWidth')
    tall = page.run('return Math.max(...[...document.querySelectorAll(".log-row")].map(r => r.offsetHeight))')
    assert tall >= 40 and tall % 20 == 0
    for _ in range(10):
        page.run('document.querySelector(".log-box").scrollTop -= 300')
        page.until('lines', lambda: settled(page))
        lines = in_sight(page)
        assert lines == list(range(lines[0], lines[0] + len(lines)))
    page.click('To the end')
    page.until('the last line', lambda: in_sight(page)[-1] == 3000 and at_end(page))


def test_times(page, server):
    open_log(page, log_path(server))
    assert not page.all('.log-time')
    page.press('t')
    page.until('times', lambda: page.text('[data-line="10"] .log-time') == '0:00.070')
    assert page.one('[data-line="10"] .log-time').get_attribute('title').endswith(' UTC')
    open_log(page, log_path(server))
    assert page.all('.log-time')


def test_copy_without_colours_and_times(page, server):
    page.driver.execute_cdp_cmd('Browser.grantPermissions', {'origin': server.url, 'permissions': ['clipboardReadWrite', 'clipboardSanitizedWrite']})
    open_log(page, log_path(server) + '#L9-L11')
    page.click('Copy lines')
    page.sees('Copied 3 lines.', '.toast')
    copied = page.driver.execute_async_script('navigator.clipboard.readText().then(arguments[0], e => arguments[0](String(e)))')
    assert copied == 'warning: 3 pictures are larger than 1 MB\nDownloading layers 100 %\n✔ built rp in 11.2 s'


def test_download(page, server):
    open_log(page, log_path(server))
    assert page.button('Raw').get_attribute('href') == server.url + '/logs/log-shop-12/raw'


@pytest.mark.refusals
def test_a_log_that_cannot_be_read(page, server):
    del server.logs['log-shop-12']
    page.open(log_path(server))
    page.sees("No log 'log-shop-12'.", '.log')


def test_hostile_lines_are_inert(page, server):
    server.logs['log-shop-12'] = mock_logs.Log(mock_logs.HOSTILE)
    open_log(page, log_path(server))
    page.press('w')
    page.until('wrapped', lambda: page.all('.is-wrapped'))
    assert page.is_inert()
    assert page.text('[data-line="0"] .log-text') == '<img src=x onerror="window.pwned=1">'
    assert page.text('[data-line="3"] .log-text') == 'click'
    assert page.all('.log-row a:not(.log-number)') == []


def test_phases_and_facts_of_the_action(page, server):
    open_log(page, log_path(server))
    assert 'post build' in page.text('.phases') and '31 s' in page.text('.phases')
    page.button('CodeBuild, on build-1, started 5 min ago').click()
    assert 'ProjectName' in page.text('.action-facts') and '#{IMAGE_TAG}' in page.text('.action-facts')


def test_reports_of_the_build(page, server):
    passed = mock_world.unit_report('shop-units', [(f'test_{n}', None, 'SUCCEEDED', 0.01, None) for n in range(40)])
    mock_world.report_on(server.world, 'shop', 0, 'Build', [passed, mock_world.coverage_report('shop-coverage', 290, 50, 15, 6)])
    page.open(log_path(server))
    page.sees('40 tests, in 0.4 s', '.reports')
    assert '85.3 % of 340 lines covered, 71.4 % of 21 branches' in page.text('.reports') and not page.all('.cases')
    mock_world.report_failures(server.world)
    page.open(log_path(server, index=3))
    page.sees('43 tests, 1 failed, 1 with errors, 1 skipped, in 0.4 s', '.reports')
    page.sees('assert 119.0 == 118.99', '.case-message')
    assert 'Incomplete: no report files found' in page.text('.report-problem')
    for width, height in ((1280, 800), (390, 844)):
        page.size(width, height)
        assert page.overflow() <= 0
        for scheme in ('light', 'dark'):
            page.media(scheme)
            assert page.accessibility_faults() == []


def test_hostile_reports_are_inert(page, server):
    xss = '<img src=x onerror="window.pwned=1">'
    one = mock_world.unit_report(xss, [(xss + 'w' * 900, xss, 'FAILED', 1, xss + '\n' + 'x' * 4000)] * 30, problem=xss)
    mock_world.report_on(server.world, 'shop', 0, 'Build', [one])
    page.open(log_path(server))
    page.sees('and 10 more', '.cases')
    assert page.is_inert() and page.overflow() <= 0


@pytest.mark.refusals
def test_reports_that_cannot_be_read_are_said_to_be(page, server):
    mock_world.report_on(server.world, 'shop', 0, 'Build', [mock_world.coverage_report('shop-coverage', 290, 50, 15, 6)])
    server.faults['BatchGetReports'] = [9, mock_server.Refusal(400, 'InvalidInputException', 'not now')]
    page.open(log_path(server))
    page.sees('The reports cannot be shown. Not now.')


def test_actions_without_a_log_say_why(page, server):
    run = server.pipeline('shop')['executions'][1]
    page.open(f"/pipelines/shop/executions/{run['execution']['pipelineExecutionId']}/Release/Approve")
    assert 'An approval writes no log.' in page.text() and 'Approved by ben: “Looks right on staging”' in page.text()
