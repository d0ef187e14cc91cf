"""Everything by keyboard: order of focus, shortcuts, their help and their switch."""
from selenium.webdriver.common.keys import Keys


def tab_through(page, count):
    seen = []
    for _ in range(count):
        page.press(Keys.TAB)
        seen.append(page.focused())
    return seen


def test_the_order_of_focus(page):
    page.open('/')
    seen = tab_through(page, 12)
    assert seen == ['Skip to the content', 'Penstock, overview', 'Pipelines', 'Environments', 'Runners', 'Settings', 'Keyboard shortcuts', '2 runners online',
                    'Review and decide', 'shop', '#12', 'Run shop']


def test_every_control_can_be_reached_and_its_focus_seen(page, server):
    run = server.pipeline('shop')['executions'][0]
    page.open(f"/pipelines/shop/executions/{run['execution']['pipelineExecutionId']}")
    controls = page.run('''return [...document.querySelectorAll("a[href], button, textarea, input, summary, [tabindex='0']")]
                            .filter(e => e.checkVisibility() && e.tabIndex >= 0).length''')
    page.run('window.seen = new Set(); window.bare = []')
    for _ in range(controls):
        page.press(Keys.TAB)
        page.run('''const e = document.activeElement, s = getComputedStyle(e), after = getComputedStyle(e, "::after"); window.seen.add(e);
                    if (s.outlineStyle === "none" && after.outlineStyle === "none") window.bare.push(e.outerHTML.slice(0, 80))''')
    assert page.run('return window.seen.size') == controls
    assert page.run('return window.bare') == []


def test_the_skip_link(page):
    page.open('/')
    page.press(Keys.TAB, Keys.ENTER)
    page.press(Keys.TAB)
    assert page.focused() == '2 runners online'


def test_going_places(page):
    page.open('/')
    page.press('g', 'r')
    page.sees('Runners', 'h1')
    page.press('g', 's')
    page.sees('Settings', 'h1')
    page.press('g', 'o')
    page.sees('Pipelines', 'h1')
    assert page.address() == '/'
    page.driver.back()
    page.sees('Settings', 'h1')


def test_the_focus_goes_to_the_new_heading(page):
    page.open('/')
    page.click('Runners')
    page.until('the heading', lambda: page.focused() == 'Runners' and page.run('return document.activeElement.tagName') == 'H1')


def test_lists(page):
    page.open('/pipelines/shop')
    page.press('j')
    page.until('the first', lambda: page.focused() == 'App')
    for _ in range(30):
        page.press('j')
    assert page.focused() == '#8'
    page.press('k')
    assert page.focused() == '#9'
    page.press(Keys.ENTER)
    page.sees('shop #9', 'h1')


def test_help_and_the_switch(page):
    page.open('/')
    page.press('?')
    page.sees('Keyboard shortcuts', 'dialog')
    page.until('it to stand still', lambda: page.run('return document.querySelector("dialog").getAnimations().length') == 0)
    assert page.accessibility_faults() == []
    page.one('dialog input[type=checkbox]').click()
    page.press(Keys.ESCAPE)
    page.gone('dialog')
    page.open('/')
    page.press('g', 'r')
    page.press('?')
    assert page.text('h1') == 'Pipelines' and not page.all('dialog')


def test_shortcuts_leave_typing_alone(page, server):
    run = server.pipeline('shop')['executions'][0]
    page.open(f"/pipelines/shop/executions/{run['execution']['pipelineExecutionId']}")
    page.press('a')
    page.until('the comment', lambda: page.focused() == 'approval-comment')
    page.press('c?jkgo')
    assert page.one('#approval-comment').get_attribute('value') == 'c?jkgo' and not page.all('dialog')
