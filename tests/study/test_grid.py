import csv

from harmaug.evaluate.metrics import Estimate
from harmaug.evaluate.seeds import Figure, Versus
from harmaug.study.figures import chart
from harmaug.study.grid import Grid, text

FIGURE = Figure(Estimate(0.5, 0.4, 0.6), 0.02, (0.48, 0.52))
GAP = Versus(Estimate(0.05, 0.01, 0.09), 0.004, (0.04, 0.06))
NAN = float("nan")
GRID = Grid(
    "t",
    "A title",
    ("arm", "AUPRC", "gap", "rows"),
    (("plain_a", FIGURE, GAP, 1200), ("b & c", Figure(Estimate(0.5, NAN, NAN), NAN, ()), None, 3)),
    "A note.",
)


def test_people_read_figures_with_interval_deviation_and_p() -> None:
    text = GRID.markdown()
    assert (
        "| plain_a | 0.500 ± 0.020 [0.400, 0.600] | +0.050 [+0.010, +0.090] p < .01 | 1,200 |"
        in text
    )


def test_a_difference_that_is_not_defined_has_no_p() -> None:
    undefined = Versus(Estimate(NAN, NAN, NAN), NAN, (NAN, NAN))
    assert text(undefined) == "-"
    row = Grid("t", "T", ("gap",), ((undefined,),), "").csv().splitlines()[1]
    assert row == ",,,"


def test_csv_gives_every_number_a_column() -> None:
    rows = list(csv.DictReader(GRID.csv().splitlines()))
    assert rows[0]["AUPRC"] == "0.5" and rows[0]["AUPRC sd"] == "0.02"
    assert rows[0]["gap low"] == "0.01" and rows[0]["gap p"] == "0.004"
    assert rows[1]["gap"] == "" and rows[1]["AUPRC low"] == "" and rows[1]["rows"] == "3"


def test_latex_escapes_what_it_must() -> None:
    text = GRID.latex()
    assert r"plain\_a" in text and r"b \& c" in text and r"$\pm$" in text and "p $<$ .01" in text
    assert text.count(r"\\") == 3


def test_a_chart_places_zero_on_a_logarithmic_axis() -> None:
    lines = {"a": [(0.0, Estimate(0.1, 0.0, 0.2)), (10.0, Estimate(0.3, 0.2, 0.4))]}
    lines["a"].append((100.0, Estimate(0.4, 0.3, 0.5)))
    drawn = chart("t", "x", lines, logarithmic=True)
    places = [part.partition('"')[0] for part in drawn.split('cx="')[1:]]
    first, second, third = (float(place) for place in places)
    assert second - first == third - second > 0
    assert "a at 100: 0.400 [0.300, 0.500]" in drawn
