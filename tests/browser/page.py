"""What the browser tests say to the browser: open, press, wait for, look at."""
import json
import pathlib

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

ROOT = pathlib.Path(__file__).resolve().parents[2]
AXE = ROOT / 'web/node_modules/axe-core/axe.min.js'
SECONDS = 60  # a limit for broken code: other tests may be going on beside


def start_browser(profile):
    options = Options()
    options.binary_location = '/usr/bin/chromium'
    for flag in ('--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
                 '--disable-component-update', '--disable-sync', '--window-size=1280,900', f'--user-data-dir={profile}'):
        options.add_argument(flag)
    options.set_capability('goog:loggingPrefs', {'browser': 'ALL'})
    return webdriver.Chrome(service=Service('/usr/bin/chromedriver'), options=options)


class Page:
    def __init__(self, driver, url):
        self.driver, self.url = driver, url

    # The browser as such

    def clean(self):
        """No stored text, no earlier console line, the usual size and scheme."""
        self.leave()
        self.driver.execute_cdp_cmd('Storage.clearDataForOrigin', {'origin': self.url, 'storageTypes': 'all'})
        self.size(1280, 900)
        self.media()
        self.driver.get_log('browser')

    def leave(self):
        self.driver.get('about:blank')

    def size(self, width, height):
        self.driver.execute_cdp_cmd('Emulation.setDeviceMetricsOverride',
                                    {'width': width, 'height': height, 'deviceScaleFactor': 1, 'mobile': False})

    def media(self, scheme='light', motion='no-preference'):
        self.driver.execute_cdp_cmd('Emulation.setEmulatedMedia', {'features': [
            {'name': 'prefers-color-scheme', 'value': scheme}, {'name': 'prefers-reduced-motion', 'value': motion}]})

    def console_errors(self):
        return [f"{line['level']}: {line['message']}" for line in self.driver.get_log('browser') if line['level'] in ('SEVERE', 'WARNING')]

    def finish(self, refusals):
        """The end of a test: the page wrote no error; with `refusals`, none but the browser's own lines about refused requests."""
        errors = [error for error in self.console_errors() if not (refusals and 'Failed to load resource' in error)]
        self.leave()
        assert not errors, errors

    def run(self, script, *given):
        return self.driver.execute_script(script, *given)

    # Going and waiting

    def open(self, path='/', until='h1'):
        self.driver.get(self.url + path)
        self.until(f'{until} on {path}', lambda: self.all(until) and not self.all('.loading'))
        return self

    def until(self, what, condition, seconds=SECONDS):
        def met(_):
            try:
                return condition()
            except StaleElementReferenceException:
                return False
        return WebDriverWait(self.driver, seconds, poll_frequency=0.05).until(met, f'waited for: {what}')

    def all(self, css):
        return self.driver.find_elements(By.CSS_SELECTOR, css)

    def one(self, css):
        self.until(css, lambda: self.all(css))
        return self.all(css)[0]

    def gone(self, css):
        self.until(f'{css} to go', lambda: not self.all(css))

    def text(self, css='body'):
        return self.run('return document.querySelector(arguments[0])?.innerText ?? ""', css)

    def sees(self, words, css='body'):
        self.until(f'{words!r} in {css}', lambda: words in self.text(css))

    def button(self, name):
        """The button or link with this accessible name or text."""
        find = '''return [...document.querySelectorAll('button, a, summary')].find(e => e.checkVisibility() &&
                  (e.getAttribute('aria-label') === arguments[0] || e.innerText.trim() === arguments[0]))'''
        return self.until(f'the button {name!r}', lambda: self.run(find, name))

    # Doing

    def click(self, name):
        self.button(name).click()

    def press(self, *keys):
        chain = ActionChains(self.driver, duration=0)
        for key in keys:
            chain.send_keys(key)
        chain.perform()

    def focused(self):
        return self.run('''const e = document.activeElement;
            return e.id || e.getAttribute('aria-label') || e.innerText?.trim().split("\\n")[0] || e.tagName.toLowerCase()''')

    def address(self):
        return self.driver.current_url.removeprefix(self.url)

    # Judging

    def overflow(self):
        return self.run('return document.documentElement.scrollWidth - window.innerWidth')

    def accessibility_faults(self, rules=()):
        """axe-core's findings by WCAG 2.2 A and AA, each as one line; or those of a few rules."""
        if not self.run('return !!window.axe'):
            self.driver.execute_cdp_cmd('Runtime.evaluate', {'expression': AXE.read_text()})
        result = self.driver.execute_async_script('''const [rules, done] = arguments;
            const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
            const runOnly = rules.length ? {type: 'rule', values: rules} : {type: 'tag', values: tags};
            axe.run(document, {runOnly, resultTypes: ['violations']})
               .then(r => done(JSON.stringify(r.violations)), e => done(JSON.stringify([{id: String(e), nodes: []}])))''', list(rules))
        return [f"{fault['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:300]}"
                for fault in json.loads(result) for node in fault['nodes'] or [{'html': ''}]]

    def is_inert(self):
        """No script of the data ran, and no link or image would run one."""
        return self.run('''return !window.pwned && !document.querySelector("img, iframe, [onerror], [onclick]") &&
            [...document.querySelectorAll("a[href]")].every(a => ["http:", "https:"].includes(a.protocol))''')
