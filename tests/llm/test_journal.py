import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.llm.test_openai import SAMPLING, client, expected, request
from tests.servers.stub import Stub, running

from harmaug.config import LLMConfig, SamplingConfig
from harmaug.errors import RunFolderError
from harmaug.llm.base import load_llm
from harmaug.llm.journal import Accounts, Journal


def test_what_was_answered_is_not_asked_again(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    rows = [request(number) for number in range(6)]
    with running(Stub(fault=lambda seed, times: "400" if seed == 5 else None)) as stub:
        first = client(stub.url, path).complete(rows, SAMPLING)
        stub.fault = lambda seed, times: None
        again = client(stub.url, path)
        second = again.complete(rows, SAMPLING)
        assert len(stub.bodies) == 7
        other = again.complete(rows[:1], SamplingConfig(max_new_tokens=17))
        assert len(stub.bodies) == 8
    assert second[:5] == first[:5]
    assert second[5].text == expected(5)
    assert other[0].error is None
    assert again.journal.accounts() == Accounts(asked=8, answered=7, retried=0, given_up=1)


KILLED = """
import sys
from pathlib import Path
from tests.llm.test_openai import SAMPLING, client, request
client(sys.argv[1], Path(sys.argv[2]), concurrency=2).complete(
    [request(number) for number in range(30)], SAMPLING
)
"""


def test_a_killed_process_loses_only_what_was_under_way(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with running(Stub(delay_s=0.05)) as stub:
        process = subprocess.Popen([sys.executable, "-c", KILLED, stub.url, str(path)])
        deadline = time.monotonic() + 120
        while len(stub.bodies) < 9 and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.01)
        os.kill(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        before = Journal(path).accounts()
        llm = client(stub.url, path)
        answers = llm.complete([request(number) for number in range(30)], SAMPLING)
    assert [answer.text for answer in answers] == [expected(number) for number in range(30)]
    assert 5 <= before.answered < 30
    assert 0 <= before.interrupted <= 2
    after = llm.journal.accounts()
    assert after.answered == 30
    assert after.asked == 30 + before.interrupted
    assert after.interrupted == before.interrupted


def test_what_must_not_reach_the_disk_is_not_in_the_journal(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    with running(Stub()) as stub:
        rows = [request(0, "A question on sex education for students."), request(1)]
        client(stub.url, path).complete(rows, SAMPLING)
        client(stub.url, path).complete(rows, SAMPLING)
    assert [len(stub.of_seed(seed)) for seed in (0, 1)] == [2, 1]


def test_a_file_that_is_no_journal_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "journal.sqlite"
    path.write_text("not a database" * 100)
    with pytest.raises(RunFolderError, match="cannot use the journal"):
        Journal(path)


def test_another_server_that_knows_the_model_by_the_same_name_is_asked_itself(
    tmp_path: Path,
) -> None:
    journal = tmp_path / "journal.sqlite"
    for _ in range(2):
        with running(Stub()) as stub:
            config = LLMConfig(backend="openai", model="m", base_url=stub.url, prefill="chat")
            load_llm(config, journal).complete([request(0)], SAMPLING)
            assert len(stub.bodies) == 1
            load_llm(config, journal).complete([request(0)], SAMPLING)
            assert len(stub.bodies) == 1
