"""The page for people. What it shows is compared with what SageMaker's and S3's APIs answer."""

import contextlib
import html
import http.server
import threading

import pytest
from backend import fresh, waited
from conftest import resized
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

WIDTHS = {"phone": (390, 844), "desktop": (1280, 900)}
ACCOUNT = "123456789012-us-east-1"


def element(browser, selector):
    return browser.find_element(By.CSS_SELECTOR, selector)


def elements(browser, selector):
    return browser.find_elements(By.CSS_SELECTOR, selector)


def eventually(browser, condition, seconds=60):
    return WebDriverWait(browser, seconds, poll_frequency=0.1).until(lambda _: condition())


def text(browser, selector):
    """The text of what may be replaced while one looks at it."""
    script = "return document.querySelector(arguments[0])?.textContent ?? ''"
    return browser.execute_script(script, selector)


@pytest.fixture(params=WIDTHS)
def width(request, browser):
    resized(browser, *WIDTHS[request.param])
    yield request.param
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_the_overview_shows_everything(browser, backend, loop, width, picture):
    name = loop["name"]
    browser.get(backend.url)
    card = f"#tuning-{ACCOUNT}-{name}"
    assert browser.execute_script("return document.querySelector(arguments[0]).open", card), "the newest is open"
    trials = backend.trials(name)
    shown = {}
    for row in elements(browser, f"{card} tr[id^=trial-]"):
        cells = [cell.text for cell in row.find_elements(By.TAG_NAME, "td")]
        shown[f"{name}-{cells[-1]}"] = cells
    assert set(shown) == {trial["TrainingJobName"] for trial in trials}
    for trial in trials:
        cells = shown[trial["TrainingJobName"]]
        assert cells[1].split()[0] == trial["TrainingJobStatus"] == "Completed"
        # Five digits are shown.
        value = trial["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
        assert float(cells[2]) == pytest.approx(value, rel=1e-4)
        tuned = trial["TunedHyperParameters"]
        assert float(cells[3]) == pytest.approx(float(tuned["eta"]), rel=1e-4)
        assert cells[4] == tuned["max_depth"]
    assert len(elements(browser, f"{card} svg circle")) == len(trials)
    assert element(browser, f"{card} svg path").get_attribute("d").startswith("M")
    best = min(trials, key=lambda trial: trial["FinalHyperParameterTuningJobObjectiveMetric"]["Value"])
    assert best["TrainingJobName"].removeprefix(f"{name}-") in element(browser, f"{card} tr.best").text

    endpoint = element(browser, f"#endpoint-{ACCOUNT}-{name}").text
    assert "InService" in endpoint and "2 instances" in endpoint and "a.tar.gz" in endpoint, endpoint
    package = element(browser, f"#package-{ACCOUNT}-{name}-2").text
    assert "PendingManualApproval" in package and loop["artifact"] in package, package
    count = sum(page["KeyCount"] for page in backend.s3.get_paginator("list_objects_v2").paginate(Bucket=backend.bucket))
    assert f"{count} objects" in element(browser, f"#bucket-{backend.bucket}").text
    picture(f"overview-{width}")


def test_no_page_is_wider_than_the_screen(browser, backend, loop, width, picture):
    name, of = loop["name"], ACCOUNT.replace("-", "/", 1)
    training = backend.trials(name)[0]["TrainingJobName"]
    for path in [
        "/",
        f"/-/tuning-jobs/{of}",
        f"/-/tuning-jobs/{of}/{name}",
        f"/-/training-jobs/{of}",
        f"/-/training-jobs/{of}/{training}",
        f"/-/model-packages/{of}",
        f"/-/model-packages/{of}/{name}",
        f"/-/endpoints/{of}",
        f"/-/endpoints/{of}/{name}",
        f"/-/buckets/{of}",
        f"/-/buckets/{of}/{backend.bucket}?prefix=models%2F",
    ]:
        browser.get(backend.url + path)
        assert "refit-local" in browser.title and not elements(browser, "main > section > .reason"), path
        wider = browser.execute_script("return document.documentElement.scrollWidth - innerWidth")
        assert wider <= 0, f"{path} is {wider} pixels too wide"
        picture(path.strip("/").replace(name, "name").replace("/", "-").split("?")[0].strip("-") + f"-{width}")


def test_a_job_is_watched_while_it_runs(browser, backend, picture):
    browser.get(backend.url)
    # Not there after a reload; and what was lit up by a change is remembered.
    browser.execute_script("""
        window.lit = [];
        new MutationObserver(changes => changes.forEach(({ target }) => {
            if (target.classList.contains('changed')) window.lit.push(target.id || target.className);
        })).observe(document.body, { subtree: true, attributes: true, attributeFilter: ['class'] });
    """)
    # It would run for hours, and is stopped once it was seen to run.
    name = fresh("live")
    card = f"#tuning-{ACCOUNT}-{name}"
    backend.tune(name, jobs=1, rounds=10_000_000)
    row = f"{card} tr[id^=trial-]"
    eventually(browser, lambda: "InProgress" in text(browser, row))
    browser.execute_script("document.querySelector(arguments[0]).open = true", card)
    picture("live")
    first = browser.execute_script("return document.querySelector(arguments[0]).id", row)
    backend.sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
    assert backend.tuned(name)["HyperParameterTuningJobStatus"] == "Stopped"
    eventually(browser, lambda: "Stopped" in text(browser, f"#{first}"))
    eventually(browser, lambda: "Stopped" in text(browser, f"{card} summary"))
    assert first in browser.execute_script("return window.lit"), "the page was not reloaded, and the change was visible"
    assert browser.execute_script("return document.querySelector(arguments[0]).open", card), "it stays open"


def test_what_is_typed_survives_a_change(browser, backend, loop):
    browser.get(backend.url)
    field = f"#package-{ACCOUNT}-{loop['name']}-1 input[name=reason]"
    element(browser, field).send_keys("half a sent")
    bucket = fresh("meanwhile")
    backend.s3.create_bucket(Bucket=bucket)
    eventually(browser, lambda: elements(browser, f"#bucket-{bucket}") or len(elements(browser, "tr[id^=bucket-]")) >= 12)
    element(browser, field).send_keys("ence")
    assert element(browser, field).get_property("value") == "half a sentence"


def test_a_click_approves_and_another_rejects(browser, backend, loop, picture):
    arn = loop["packages"][0]
    package = f"#package-{ACCOUNT}-{loop['name']}-1"
    browser.get(backend.url)
    element(browser, f"{package} input[name=reason]").send_keys("0.3 minutes better, <b>& smaller</b>")
    element(browser, f"{package} button[value=Approved]").click()
    eventually(browser, lambda: "Approved" in text(browser, f"{package} .status"))
    described = backend.package(arn)
    assert described["ModelApprovalStatus"] == "Approved"
    assert described["ApprovalDescription"] == "0.3 minutes better, <b>& smaller</b>"
    assert element(browser, f"{package} .quote").text == "0.3 minutes better, <b>& smaller</b>"
    assert not elements(browser, f"{package} button[value=Approved]"), "it is approved"
    picture("approved")
    element(browser, f"{package} button[value=Rejected]").click()
    eventually(browser, lambda: "Rejected" in text(browser, f"{package} .status"))
    assert backend.package(arn)["ModelApprovalStatus"] == "Rejected"
    other = backend.package(loop["packages"][1])
    assert other["ModelApprovalStatus"] == "PendingManualApproval", "one decision is about one package"


def test_it_works_without_script(browser, backend, loop):
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        browser.get(backend.url)
        assert element(browser, "#live").text == "reload to update"
        assert len(elements(browser, f"#tuning-{ACCOUNT}-{loop['name']} tr[id^=trial-]")) == len(backend.trials(loop["name"]))
        arn = backend.register(loop["name"], loop["artifact"])
        browser.refresh()
        version = backend.package(arn)["ModelPackageVersion"]
        element(browser, f"#package-{ACCOUNT}-{loop['name']}-{version} button[value=Approved]").click()
        waited(lambda: backend.package(arn)["ModelApprovalStatus"], lambda status: status == "Approved")
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_bucket_is_browsed_by_folders(browser, backend, loop):
    browser.get(backend.url)
    element(browser, f"#bucket-{backend.bucket} a").click()
    element(browser, "tr[id='folder-models/'] a").click()
    keys = backend.s3.list_objects_v2(Bucket=backend.bucket, Prefix="models/")["Contents"]
    rows = {row.get_attribute("id"): row.text for row in elements(browser, "tr[id^=object-]")}
    assert set(rows) == {f"object-{found['Key']}" for found in keys}
    assert all(found["ETag"].strip('"') in rows[f"object-{found['Key']}"] for found in keys)
    element(browser, ".trail a").click()
    assert elements(browser, "tr[id='folder-train/']")


@contextlib.contextmanager
def other_site(body):
    """Another origin: a server on another port, whose every page is `body`."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_another_sites_form_changes_nothing(browser, backend, loop):
    arn = backend.register(loop["name"], loop["artifact"])
    version = backend.package(arn)["ModelPackageVersion"]
    browser.get(backend.url)
    inputs = elements(browser, f"#package-{ACCOUNT}-{loop['name']}-{version} input[type=hidden]")
    fields = {field.get_attribute("name"): field.get_attribute("value") for field in inputs}
    # Even one that knows the token, which no other site can read.
    hidden = "".join(f'<input type="hidden" name="{name}" value="{html.escape(value)}">' for name, value in fields.items())
    form = f'<form method="post" action="{backend.url}/-/decision">{hidden}<button name="decision" value="Approved">win</button></form>'
    with other_site(form) as site:
        browser.get(site)
        element(browser, "button").click()
        eventually(browser, lambda: "another site" in browser.page_source)
    assert backend.package(arn)["ModelApprovalStatus"] == "PendingManualApproval"


def test_no_other_site_frames_it(browser, backend):
    with other_site(f'<iframe src="{backend.url}/"></iframe>') as site:
        browser.get(site)
        browser.switch_to.frame(element(browser, "iframe"))
        assert not elements(browser, "#main")
        browser.switch_to.default_content()
