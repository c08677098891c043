"""`python -m mlops.evaluation.mutations [--aci-bench DIR]`: how many errors the checks refuse, and how many truths.

Counts are of both splits; the texts of misjudged trials are shown of the development split alone (`--show`).
"""

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

from chains.attribution import find_support
from chains.verification import first_refusal
from mlops.evaluation.mutations.collected import all_trials
from mlops.evaluation.mutations.judged import Judged, judge, mend
from mlops.evaluation.tasks.verifier_errors import metrics, metrics_of, shown_text


def _parse(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m mlops.evaluation.mutations", description=__doc__)
    parser.add_argument("--aci-bench", type=Path, metavar="DIR", help="folder of the ACI-Bench CSV files")
    parser.add_argument("--patients", type=int, default=3, metavar="N", help="synthetic charts of each phrasing half")
    parser.add_argument("--seed", type=int, default=53, metavar="S", help="seed of the synthetic charts")
    parser.add_argument("--show", action="store_true", help="print misjudged trials of the development split")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table, and the misjudged trials of the development split where asked for."""
    args = _parse(argv)
    trials = all_trials(aci_bench=args.aci_bench, patients=args.patients, seed=args.seed)
    judged = judge(trials, first_refusal)
    for line in table(judged):
        print(line)
    mended = tuple(mend(trials, first_refusal, find_support))
    right, wrong = sum(m.rightly for m in mended), sum(m.wrongly for m in mended)
    print(f"wrong citations: {right} of {len(mended)} mended, {wrong} given evidence that does not carry them")
    if args.show:
        for j in sorted((j for j in judged if not j.right and j.trial.split == "dev"), key=lambda j: j.trial.trial_id):
            print(f"\n{j.trial.trial_id}: {shown_text(j)}")
    return 0


def table(judged: Iterable[Judged]) -> list[str]:
    """One line a metric: the share refused in the development and the other split, with counts; then the reasons."""
    counts: dict[str, dict[str, list[int]]] = defaultdict(lambda: {"dev": [0, 0], "test": [0, 0]})
    reasons: Counter[str] = Counter()
    for j in judged:
        for metric in metrics_of(j.trial):
            count = counts[metric][j.trial.split]
            count[0] += j.refused
            count[1] += 1
        if j.refused and not j.trial.false:
            reasons[j.code] += 1
    lines = [f"{'refused':40}{'dev':>18}{'test':>18}"]
    for name in (metric.name for metric in metrics() if metric.name in counts):
        shown = [f"{h / n:.3f} ({h}/{n})" if n else "-" for h, n in counts[name].values()]
        lines.append(f"{name:40}{shown[0]:>18}{shown[1]:>18}")
    return [*lines, "true statements were refused for: " + ", ".join(f"{c} {n}" for c, n in reasons.most_common())]


if __name__ == "__main__":
    sys.exit(main())
