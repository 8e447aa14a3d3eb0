"""refit-local's page in a headless Chromium.

`cargo test -p refit-tests --test console` starts a refit-local and runs this folder. By hand, and with pictures:

    dev/setup python browser
    dev/python -m pytest tests/browser --endpoint-url http://127.0.0.1:9000 --screenshots target/screenshots
"""

import pathlib
import shutil

import pytest
from backend import Backend, fresh, waited
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

FLAGS = [
    "--headless",
    # A container's root has no sandbox to give, and the pages are our own.
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]


def pytest_addoption(parser):
    parser.addoption("--endpoint-url", required=True, help="where refit-local listens")
    parser.addoption("--screenshots", help="a folder for pictures of what the tests looked at")


@pytest.fixture(scope="session")
def backend(request):
    return Backend(request.config.getoption("--endpoint-url"))


@pytest.fixture(scope="session")
def loop(backend):
    """A tuning job that has ended, with its best artifact registered twice and served."""
    name = fresh("arr-delay")
    backend.tune(name)
    best = backend.tuned(name)["BestTrainingJob"]["TrainingJobName"]
    artifact = backend.sagemaker.describe_training_job(TrainingJobName=best)["ModelArtifacts"]["S3ModelArtifacts"]
    packages = [backend.register(name, artifact) for _ in range(2)]
    backend.serve(name, artifact)
    for model in ("a.tar.gz", "a.tar.gz", "b.tar.gz"):
        backend.invoke(name, model)
    return {"name": name, "artifact": artifact, "packages": packages}


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    """One Chromium for all tests. When they are done, nothing of it is left."""
    binaries = [shutil.which(name) for name in ("chromium", "chromedriver")]
    assert all(binaries), "chromium or chromedriver is missing: run `dev/setup browser`"
    profile = tmp_path_factory.mktemp("chromium")
    options = webdriver.ChromeOptions()
    options.binary_location = binaries[0]
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    for flag in [*FLAGS, f"--user-data-dir={profile}"]:
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(binaries[1]))
    yield driver
    driver.quit()
    # Its helpers end a moment after it.
    processes = pathlib.Path("/proc")
    waited(lambda: [path for path in processes.glob("[0-9]*/cmdline") if str(profile) in command(path)], lambda running: not running)


def resized(browser, width, height):
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def command(path):
    try:
        return path.read_text()
    except OSError:
        return ""


@pytest.fixture
def picture(request, browser):
    """Keeps a picture of the whole page, when pictures are wanted."""
    folder = request.config.getoption("--screenshots")

    def take(name):
        if not folder:
            return
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        measures = "return [innerWidth, innerHeight, document.documentElement.scrollHeight]"
        width, height, whole = browser.execute_script(measures)
        resized(browser, width, whole)
        browser.save_screenshot(str(pathlib.Path(folder) / f"{name}.png"))
        resized(browser, width, height)

    return take


@pytest.fixture(autouse=True)
def no_complaint(browser):
    """The browser had nothing to say against a page, such as a breach of its Content-Security-Policy."""
    yield
    complaints = [entry["message"] for entry in browser.get_log("browser") if entry["level"] == "SEVERE"]
    # What a test provokes on purpose, and says so.
    expected = ("status of 403", "X-Frame-Options", "frame-ancestors")
    complaints = [message for message in complaints if not any(text in message for text in expected)]
    assert not complaints, complaints
