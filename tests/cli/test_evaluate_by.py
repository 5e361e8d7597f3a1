"""`harmaug evaluate --by`, and a teacher's settings in a file."""

import json
from pathlib import Path

import pytest
from tests.cli.test_results import harmaug
from tests.servers.stub import Body, Stub, running

ROWS = [
    {"prompt": "one", "label": 1, "category": "violence", "source": "forum"},
    {"prompt": "three", "label": 0, "category": "medicine", "source": "forum"},
    {"prompt": "twelve letters", "label": 0, "category": "medicine", "source": "chat"},
    {"prompt": "a prompt of twenty-six chars", "label": 1, "source": "chat"},
]


def moderated(body: Body) -> dict[str, object]:
    return {"results": [{"category_scores": {"hate": len(t) / 30}} for t in body["input"]]}


def test_a_moderation_api_in_a_file_is_a_guard_and_is_shown_by_category(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, settings, result = tmp_path / "d.jsonl", tmp_path / "t.yaml", tmp_path / "r.json"
    data.write_text("\n".join(json.dumps(row) for row in ROWS), encoding="utf-8")
    with running(Stub(document=moderated)) as stub:
        settings.write_text(f"model: omni-moderation-latest\nbase_url: {stub.url}\n")
        code, out, _ = harmaug(
            monkeypatch,
            capsys,
            *("evaluate", "--model", str(settings), "--benchmark", str(data)),
            *("--by", "category", "--by", "score", "--resamples", "5", "--threshold", "0.4"),
            *("--json", str(result)),
        )
        asked = len(stub.bodies)
    assert code == 0
    assert asked == 1  # its cost is the server's, and is not measured with requests
    lines = {line.split("  ")[1]: line for line in out.splitlines() if line.startswith("  ")}
    assert lines["medicine"].split()[1:4] == ["2", "0", "0"]
    assert "+0.317" in lines["medicine"]
    assert "0.9 to 1.0" in lines
    assert "forum" not in lines
    (found,) = json.loads(result.read_text(encoding="utf-8"))["judgements"]
    sources = {group["name"]: group for group in found["agreement"]["sources"]}
    assert sources["forum"]["harmful_passed"] == 1
    assert sources["chat"]["harmless_flagged"] == 1


def test_a_wrong_setting_in_a_teachers_file_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.yaml"
    path.write_text("modle: omni-moderation-latest\n")
    arguments = ("evaluate", "--benchmark", "quickstart-test", "--model")
    code, _, err = harmaug(monkeypatch, capsys, *arguments, str(path))
    assert code == 2 and err.count("\n") == 1 and "did you mean 'model'?" in err
    code, _, err = harmaug(monkeypatch, capsys, *arguments, str(tmp_path / "none.yaml"))
    assert code == 2 and err.count("\n") == 1 and "no file" in err


def test_what_was_asked_of_a_server_is_shown_and_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data, settings, result = tmp_path / "d.jsonl", tmp_path / "t.yaml", tmp_path / "r.json"
    data.write_text("\n".join(json.dumps(row) for row in ROWS), encoding="utf-8")

    def refusal(body: Body) -> str | None:
        return "too long" if "three" in body["input"] else None

    with running(Stub(document=moderated, refusal=refusal)) as stub:
        settings.write_text(f"model: omni-moderation-latest\nbase_url: {stub.url}\n")
        code, out, _ = harmaug(
            monkeypatch,
            capsys,
            *("evaluate", "--model", str(settings), "--model", "embedded", "--no-cost"),
            *("--benchmark", str(data), "--resamples", "5", "--json", str(result)),
        )
    assert code == 0
    told = "5 requests asked, 3 answered, 2 given up, 0 interrupted; 0 further tries"
    assert out.count("server of ") == 1 and f"server of {settings}: {told}" in out
    served, own = json.loads(result.read_text(encoding="utf-8"))["guards"]
    assert served["server"] == {
        "asked": 5,
        "answered": 3,
        "retried": 0,
        "given_up": 2,
        "floored": 0,
    }
    assert own["server"] is None
