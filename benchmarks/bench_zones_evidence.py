"""What each idea of the judge buys on recorded traces, and what each source of traces says alone.

python -m benchmarks.bench_zones_evidence --evaluate EVALUATE.py --traces DIR [--seeds 1,2,3] [--plot FILE.png]
prints Markdown tables: results beside baselines, sources left out in turn, ideas taken away in turn, constants moved.
"""

from __future__ import annotations

import argparse
import importlib.util
import math
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

from zones import Fix, PlaceState, Zone, evidence, path
from zones.decision import judge
from zones.evidence import MODEL, Model

Prepared = list[tuple[dict[str, Any], Zone, list[Fix]]]
COLUMNS = (
    ("missed", "breach, as sent", "missed", 100),
    ("late", "breach, as sent", "confirmed_late", 100),
    ("delay", "breach, as sent", "delay_s_median", 1),
    ("p95", "breach, as sent", "delay_s_p95", 1),
    ("clear", "breach, as sent", "clear_s_median", 1),
    ("p95", "breach, as sent", "clear_s_p95", 1),
    ("no acc. missed", "breach, no accuracy", "missed", 100),
    ("gap missed", "breach, minutes missing", "missed", 100),
    ("pass 15", "pass, 15 s fixes", "noticed", 100),
    ("pass 60", "pass, 60 s fixes", "noticed", 100),
    ("near 60", "near-miss 60 m", "false_any", 100),
    ("near 100", "near-miss 100 m", "false_any", 100),
    ("near 150", "near-miss 150 m", "false_any", 100),
    ("near conf.", "near-miss 60 m", "false_confirmed", 100),
    ("still 50", "still, edge 50 m", "false_any", 1),
    ("still 100", "still, edge 100 m", "false_any", 1),
    ("still conf.", "still, edge 50 m", "false_confirmed", 1),
    ("still time", "still, edge 50 m", "false_time", 100),
)


def _needing(share: float) -> Model:
    """Return the model in which every crossing needs the same, and no place on a way is left out for being too far."""
    return replace(
        MODEL,
        crossing_short=share,
        crossing_long=share,
        crossing_silent=share,
        crossing_poor=share,
        crossing_spreads=math.inf,
    )


IDEAS: tuple[tuple[str, Model], ...] = (
    ("all ideas", MODEL),
    ("no way between fixes", replace(MODEL, longest_gap_s=0.0)),
    ("straight ways, no directions", replace(MODEL, direction_s=1e-3)),
    ("no looking back", replace(MODEL, look_back_least_s=1e9)),
    ("no wandering around the way", replace(MODEL, wander=0.0)),
    ("any displacement is movement", replace(MODEL, moved_radii=0.0)),
    ("coarse claims taken at their word", replace(MODEL, coarse_factor=1.0)),
    ("kept answers not dated", replace(MODEL, widening_least_mps=math.inf)),
    ("no ways through silences over 10 min", replace(MODEL, longest_gap_s=600.0)),
    ("a direction leads the whole way", replace(MODEL, heading_share=1.0)),
    ("directions of any error lead alike", replace(MODEL, heading_known_mps=math.inf)),
    ("small zones are improbable", replace(MODEL, honest_m=0.0)),
    ("who is about to enter waits for the next fix", replace(MODEL, entering=1.0)),
    ("one need for all ways (0.5)", _needing(0.5)),
    ("poorly known and fast ways as any other", replace(MODEL, known_end_m=math.inf, known_end_mps=math.inf)),
    ("no place of rest", replace(MODEL, rest_within_m=0.0)),
    ("what was never so is never said of a visit", replace(MODEL, was_inside=0.0)),
    ("no visit confirmed by its end", replace(MODEL, was_confirmed=2.0)),
    ("evidence by count of fixes", replace(MODEL, independent_s=1e-6)),
    (
        "a tag at rest may confirm alone",
        replace(MODEL, still_enter_log_odds=20.0, still_leave_log_odds=20.0, still_independent_s=30.0),
    ),
    ("left at even odds, nothing stored", replace(MODEL, leave_log_odds=0.0, stored_log_odds=0.0)),
    ("left only at 19 to 1, none alone", replace(MODEL, leave_log_odds=-3.0, leave_alone_log_odds=-99.0)),
)
MOVED: tuple[tuple[str, Model], ...] = (
    ("floor 5 m", replace(MODEL, floor_m=5.0)),
    ("floor 10 m", replace(MODEL, floor_m=10.0)),
    ("unclaimed 10 m", replace(MODEL, unclaimed_gnss_m=10.0)),
    ("unclaimed 20 m", replace(MODEL, unclaimed_gnss_m=20.0)),
    ("believe 0.4", replace(MODEL, believe=0.4)),
    ("believe 0.6", replace(MODEL, believe=0.6)),
    ("independent after 15 s", replace(MODEL, independent_s=15.0)),
    ("independent after 60 s", replace(MODEL, independent_s=60.0)),
    ("directions last 15 s", replace(MODEL, direction_s=15.0)),
    ("directions last 45 s", replace(MODEL, direction_s=45.0)),
    ("wander 0.03", replace(MODEL, wander=0.03)),
    ("wander 0.07", replace(MODEL, wander=0.07)),
    ("short ways need 0.50", replace(MODEL, crossing_short=0.50)),
    ("short ways need 0.66", replace(MODEL, crossing_short=0.66)),
    ("long ways need 0.50", replace(MODEL, crossing_long=0.50)),
    ("poorly known ways need 0.70", replace(MODEL, crossing_poor=0.70)),
    ("poorly known ways need 0.90", replace(MODEL, crossing_poor=0.90)),
    ("entering within 5 s", replace(MODEL, ahead_s=5.0)),
)


def load(file: Path) -> ModuleType:
    """Return the scorer as a module."""
    spec = importlib.util.spec_from_file_location("evaluate", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _prepare(evaluate: ModuleType, scenarios: list[dict[str, Any]]) -> Prepared:
    prepared = []
    for scenario in scenarios:
        lat, lon = scenario["centre"]
        geometry = {"type": "Point", "coordinates": [lon, lat]}
        properties = {"id": scenario["tag"], "radius_m": scenario["radius"], "buffer_m": 200}
        zone = Zone.from_geojson({"type": "Feature", "geometry": geometry, "properties": properties})
        fixes = [
            Fix(f["t"], f["lat"], f["lon"], f.get("acc"), f.get("speed"), received_at=evaluate.received(f))
            for f in sorted(scenario["fixes"], key=evaluate.received)
        ]
        prepared.append((scenario, zone, fixes))
    return prepared


def _events(prepared: Prepared, model: Model) -> Iterable[dict[str, Any]]:
    """Judge in order of arrival; a fix older than the newest is left out, which the command line does not do."""
    for scenario, zone, fixes in prepared:
        state: PlaceState | None = None
        shown = None
        for fix in fixes:
            if state is not None and fix.fix_time <= state.fix_time:
                continue
            decision = judge(zone, fix, state, model)
            state = decision.state
            now = decision.level.name.lower(), str(decision.certainty)
            if now != shown:
                shown = now
                yield {"tag": scenario["tag"], "at": fix.received_at, "level": now[0], "certainty": now[1]}


def _row(name: str, figures: dict[str, dict[str, Any]]) -> str:
    cells = []
    for _, group, figure, factor in COLUMNS:
        value = figures.get(group, {}).get(figure)
        cells.append("" if value is None else f"{value * factor:.2f}" if factor == 100 else f"{value:.0f}")
    return f"| {name} | " + " | ".join(cells) + " |"


def _mean(many: list[dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    values: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for figures in many:
        for group, row in figures.items():
            for figure, value in row.items():
                if value is not None:
                    values[group][figure].append(value)
    return {group: {k: sum(v) / len(v) for k, v in row.items()} for group, row in values.items()}


def _head(title: str) -> None:
    print(f"\n### {title}\n")
    print("| | " + " | ".join(name for name, *_ in COLUMNS) + " |")
    print("|" + "---|" * (len(COLUMNS) + 1))


def _with_normal_law(work: Callable[[], dict[str, dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    """Run with a normal law of the same 68 % radius in place of Student's t."""
    heavy = evidence.t_below
    scale = evidence.T_RADIUS_68 / 1.5096

    def normal(x: float) -> float:
        return 0.5 * math.erfc(-x / scale / math.sqrt(2))

    evidence.t_below = path.t_below = normal  # type: ignore[attr-defined]
    try:
        return work()
    finally:
        evidence.t_below = path.t_below = heavy  # type: ignore[attr-defined]


def _danger_and_noise(figures: dict[str, dict[str, Any]]) -> tuple[float, float]:
    """Return the mean share of visits missed and of quiet scenarios alarmed, in percent."""
    missed = [figures[f"breach, {wear}"]["missed"] for wear in ("as sent", "no accuracy", "minutes missing")]
    missed += [1 - figures[f"pass, {gap} s fixes"]["noticed"] for gap in (15, 60)]
    noise = [figures[f"near-miss {gap} m"]["false_any"] for gap in (60, 100, 150)]
    return 100 * sum(missed) / len(missed), 100 * sum(noise) / len(noise)


def _plot(file: Path, curves: dict[str, list[tuple[float, float]]], points: dict[str, tuple[float, float]]) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7.2, 4.8), layout="constrained")
    for name, curve in curves.items():
        axes.plot([noise for _, noise in curve], [missed for missed, _ in curve], marker="o", markersize=3, label=name)
    for name, (missed, noise) in points.items():
        axes.plot(noise, missed, marker="s" if name != "Cordon's defaults" else "*", markersize=8, linestyle="")
        axes.annotate(name, (noise, missed), textcoords="offset points", xytext=(7, 4), fontsize=9)
    axes.set_xlabel("near-misses that raise any alert, % (mean of 60, 100 and 150 m)")
    axes.set_ylabel("visits missed, % (mean of five groups)")
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=0)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    figure.savefig(file, dpi=130)


def main() -> None:
    """Print the tables, and draw the curve where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evaluate", type=Path, required=True)
    parser.add_argument("--traces", type=Path, required=True)
    parser.add_argument("--seeds", default="1,2,3,4,5,6")
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    evaluate = load(options.evaluate)
    traces = evaluate.read_traces(options.traces)
    seeds = [int(seed) for seed in options.seeds.split(",")]
    made = {seed: _prepare(evaluate, evaluate.make_scenarios(traces, 60, seed)) for seed in seeds}

    judged: dict[tuple[int, Model], list[dict[str, Any]]] = {}

    def figures(
        model: Model, keep: Callable[[dict[str, Any]], bool] = lambda s: True, chosen: list[int] = seeds
    ) -> Any:
        found = []
        for seed in chosen:
            if (seed, model) not in judged:
                judged[seed, model] = list(_events(made[seed], model))
            kept = [scenario for scenario, _, _ in made[seed] if keep(scenario)]
            tags = {scenario["tag"] for scenario in kept}
            found.append(evaluate.score(kept, [event for event in judged[seed, model] if event["tag"] in tags]))
        return _mean(found)

    def normal_figures() -> Any:
        return _mean([evaluate.score([p[0] for p in made[s]], list(_events(made[s], MODEL))) for s in seeds])

    def baseline(name: str, chosen: list[int]) -> Any:
        found = []
        for seed in chosen:
            scenarios = [p[0] for p in made[seed]]
            with tempfile.TemporaryDirectory() as folder:
                zones, fixes, _ = evaluate.write_inputs(scenarios, folder)
                found.append(evaluate.score(scenarios, list(evaluate.baseline(name, zones, fixes))))
        return _mean(found)

    for title, chosen in (("Seed 1", seeds[:1]), (f"Mean of {len(seeds)} seeds", seeds)):
        _head(title)
        for name in ("naive", "whole-circle", "three-in-a-row"):
            print(_row(name, baseline(name, chosen)))
        print(_row("Cordon", figures(MODEL, chosen=chosen)))
    _head("Each source of traces left out, then alone")
    names = sorted({s["trace"].split("/")[0] for p in made.values() for s, _, _ in p})
    for name in names:
        print(_row(f"without {name}", figures(MODEL, lambda s, n=name: not s["trace"].startswith(n + "/"))))
    for name in names:
        print(_row(f"only {name}", figures(MODEL, lambda s, n=name: s["trace"].startswith(n + "/"))))
    _head("Each idea taken away")
    for name, model in IDEAS:
        print(_row(name, figures(model)))
    print(_row("normal errors instead of heavy tails", _with_normal_law(normal_figures)))
    _head("Constants moved")
    for name, model in MOVED:
        print(_row(name, figures(model)))

    if options.plot:
        needs = (0.2, 0.3, 0.4, 0.47, 0.58, 0.7, 0.8, 0.9)
        curves = {
            "need for a crossing moved": [_danger_and_noise(figures(_needing(n))) for n in needs],
            "need for a fix moved": [
                _danger_and_noise(figures(replace(MODEL, believe=n))) for n in (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
            ],
        }
        points = {"any fix inside": _danger_and_noise(baseline("naive", seeds))}
        points["whole circle inside"] = _danger_and_noise(baseline("whole-circle", seeds))
        points["three in a row"] = _danger_and_noise(baseline("three-in-a-row", seeds))
        points["Cordon's defaults"] = _danger_and_noise(figures(MODEL))
        _plot(options.plot, curves, points)
        print()
        for name, (missed, noise) in points.items():
            print(f"{name}: missed {missed:.1f} %, alarmed {noise:.2f} %")


if __name__ == "__main__":
    main()
