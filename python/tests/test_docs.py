"""The documentation: its examples run as they stand, its links lead somewhere, its reference is complete."""

from __future__ import annotations

import contextlib
import inspect
import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import pytest

from offhook import (
    conference,
    details,
    digits,
    enums,
    errors,
    files,
    headers,
    log,
    media,
    recorder,
    uas,
)
from support.network import SocketNetwork
from support.server import ServerProcess, find_binary
from support.sip import Caller

TREE = Path(__file__).parents[2]
DOCS = TREE / "docs"
PAGES = sorted([TREE / "README.md", *DOCS.rglob("*.md")])
WITH_EXAMPLES = [TREE / "README.md", DOCS / "tutorial.md", *sorted((DOCS / "how-to").glob("*.md"))]

LONGEST_CALL_SECONDS = 30.0
CALLS_AT_A_TIME = 6


class Example(NamedTuple):
    """A Python block of a page."""

    place: str
    """Page and line, such as `docs/tutorial.md:29`."""
    source: str

    @property
    def promised_status(self) -> int:
        """The final response that the caller shall get: the code that the block rejects with, or 200."""
        refusal = re.search(r"\breject\(raw_cause=\"?(\d{3})", self.source)
        return int(refusal[1]) if refusal else 200


def examples() -> Iterator[Example]:
    """Every Python block that can be served."""
    for page in WITH_EXAMPLES:
        text = page.read_text()
        for block in re.finditer(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            if re.search(r"^(async )?def main\(", block[1], re.MULTILINE):
                line = text.count("\n", 0, block.start()) + 1
                yield Example(f"{page.relative_to(TREE)}:{line}", block[1])


EXAMPLES = list(examples())


class Outcome(NamedTuple):
    """What became of a call to an example."""

    status: int
    record: str
    log: str


def run(binary: Path, folder: Path, example: Example) -> Outcome:
    """Serve the block, call it, and wait until it has ended the call."""
    folder.mkdir()
    with (
        contextlib.closing(SocketNetwork()) as network,
        ServerProcess(network, binary, folder, example.source) as server,
    ):
        with Caller(network, server.address) as caller:
            call = caller.invite(reliable="supported")
            status = call.wait_for_final(LONGEST_CALL_SECONDS).status
            if status == 200:
                call.wait_for_request("BYE", LONGEST_CALL_SECONDS)
            server.wait_for_log("return_code=", LONGEST_CALL_SECONDS)
        server.stop()
        (record,) = server.records
        return Outcome(status, record, server.log)


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[Outcome]]]:
    """The outcome of each example by its place. They run side by side, since most of a call is waiting."""
    binary = find_binary()
    if binary is None:
        pytest.skip("the program is not built: cargo build --package offhook-cli, or set OFFHOOK_BINARY")
    folder = tmp_path_factory.mktemp("examples")
    with ThreadPoolExecutor(CALLS_AT_A_TIME) as pool:
        yield {
            example.place: pool.submit(run, binary, folder / str(number), example)
            for number, example in enumerate(EXAMPLES)
        }


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.place)
def test_an_example_of_the_documentation_runs(example: Example, outcomes: dict[str, Future[Outcome]]) -> None:
    """RUN-14, ADR-2: the caller gets what the page promises, and the return code is 0."""
    outcome = outcomes[example.place].result()
    assert outcome.status == example.promised_status, outcome.log
    fields = re.fullmatch(
        r".{20}: inbound app \S+ \S+ \d+\.\d (?P<return_code>-?\d+) \[[^]]*\] \[\] NA", outcome.record
    )
    assert fields is not None, outcome.record
    assert fields["return_code"] == "0", outcome.log


def test_every_page_with_examples_of_applications_is_found() -> None:
    """The pages that promise it hold blocks that are run: a changed fence cannot hide them."""
    pages = {example.place.split(":")[0] for example in EXAMPLES}
    assert {"README.md", "docs/tutorial.md", "docs/how-to/early-media.md"} <= pages
    mains = re.compile(r"^(async )?def main\(", re.MULTILINE)
    fenced = sum(len(mains.findall(page.read_text())) for page in WITH_EXAMPLES)
    assert len(EXAMPLES) == fenced


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(TREE)))
def test_every_link_leads_somewhere(page: Path) -> None:
    """Relative links name a file that exists, and their fragment a heading of that file."""
    dead = []
    for link, path, fragment in re.findall(r"\]\((([^)#\s]*)#?([^)\s]*))\)", without_code(page.read_text())):
        if re.match(r"[a-z]+:", link):
            continue
        target = (page.parent / path).resolve() if path else page
        if not target.exists() or (fragment and fragment not in anchors(target)):
            dead.append(link)
    assert not dead


def test_every_page_is_linked_from_the_first() -> None:
    """Whoever begins at docs/README.md finds every page."""
    first = (DOCS / "README.md").read_text()
    pages = [str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md") if page.name != "README.md"]
    assert [page for page in pages if f"({page})" not in first] == []


def test_the_reference_names_every_public_function_of_the_package() -> None:
    """Classes, functions, attributes and members of enumerations, each in backquotes."""
    text = (DOCS / "reference" / "python.md").read_text()
    spans = (span for _, span in re.findall(r"(`+)(.+?)\1(?!`)", text, re.DOTALL))
    named = set(re.findall(r"\w+", " ".join(spans)))
    assert sorted(public_names() - named) == []


def test_the_reference_names_every_option_of_serve() -> None:
    """RUN-30, LOG-6: an option that the program has stands in the page, and the reverse."""
    text = (DOCS / "reference" / "settings.md").read_text()
    options = re.compile(r"--[a-z][a-z0-9-]+")
    offered = set(options.findall(output_of("serve", "--help"))) - {"--help", "--version"}
    documented = set(options.findall(text.split("## The other commands")[0])) - {"--help"}
    assert documented == offered


def test_the_example_configuration_and_the_reference_have_the_same_keys() -> None:
    """Every key of offhook.example.toml stands in the page."""
    example = (TREE / "offhook.example.toml").read_text()
    text = (DOCS / "reference" / "settings.md").read_text()
    keys = re.findall(r"^# ([a-z_]+) = ", example, re.MULTILINE)
    assert len(keys) > 30
    assert [key for key in keys if f"`{key}`" not in text] == []


def test_the_reference_names_every_tone() -> None:
    """TONE-2, TONE-9, TONE-10: country by country, with the tones that it has."""
    text = (DOCS / "reference" / "tones.md").read_text()
    listed = re.findall(r"^  ([A-Z_]+|[a-z]+\.[a-z]{2}) ", output_of("tones"), re.MULTILINE)
    rows = dict(re.findall(r"^\| `([a-z]{2})` \|[^|]*\|([^|]*)\|", text, re.MULTILINE))
    documented = {f"{tone}.{country}" for country, tones in rows.items() for tone in tones.split()}
    predefined = {name for name in listed if "." not in name}
    assert predefined <= set(re.findall(r"`([A-Z_]+)`", text))
    assert documented == set(listed) - predefined


def without_code(text: str) -> str:
    """The text without its blocks and spans of code, in which nothing is a link."""
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))


def anchors(page: Path) -> set[str]:
    """What the headings of a page are called in links."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def public_names() -> set[str]:
    """Names of what applications can use: exported classes, what channels own, and their members."""
    classes: list[type] = [getattr(uas, name) for name in uas.__all__]
    classes += [getattr(enums, name) for name in enums.__all__]
    classes += [digits.UASCallDTMFDetector, digits.UASCallDTMFPlayer, recorder.UASCallFileRecorder]
    classes += [media.UASCallFilePlayer, files.UASFileManagement, log.Log, details.Details]
    classes += [details.MediaStats, uas.ToneManager.PredefinedTones]
    classes += [conference.ConferenceLifetimeControl, conference.ConferencePartyMediaSettings]
    classes += [conference.MuteOnDTMFDigits, errors.OffhookError, headers.SIP]
    names = {each.__name__ for each in classes}
    inherited = {name for base in (Exception, str, tuple) for name in dir(base)}
    for each in classes:
        names |= {name for name, _ in inspect.getmembers(each) if not name.startswith("_")} - inherited
    return names - {"name", "value"}


def output_of(*arguments: str) -> str:
    """What the program prints."""
    binary = find_binary()
    if binary is None:
        pytest.skip("the program is not built: cargo build --package offhook-cli, or set OFFHOOK_BINARY")
    return subprocess.run([binary, *arguments], check=True, capture_output=True, text=True).stdout
