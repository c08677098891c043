"""What a query costs with the number of patients, and with the notes of one patient."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path

import faiss
import numpy as np
from numpy.typing import NDArray

from bench.figures import Curve, Figure, Measured, Point, Repeats, interleaved_cpu_s
from bench.index_of_vectors import DIMENSION, DrawnCharts, DrawnEmbeddings, build, unit
from bench.parts import Size
from bench.store.indexes import LARGE, SMALL, charts_of, folder_of
from vectorstore.generation import Generation
from vectorstore.store import Store

# Patients of so many notes each, and how many of them: enough to ask another one each time.
NOTES = {
    "full": {5: 200, 20: 200, 50: 200, 200: 100, 1000: 40, 5000: 40},
    "try": {5: 40, 50: 40, 200: 40},
}
PATIENTS = {"full": (40, 200), "try": (40,)}
REPEATS, CALLS = 5, 40
WORDS = "creatinine stopped"
Query = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Kind:
    """A way of asking, and the points that it gave."""

    name: str
    ask: Callable[[Generation, str, Query], object]


def _dense(generation: Generation, patient_id: str, query: Query) -> object:
    return generation.chart(patient_id).nearest(query, k=10)


def _hybrid(generation: Generation, patient_id: str, _: Query) -> object:
    return generation.chart(patient_id).search(WORDS, k=12)


ANEW = "dense, chart opened anew"
KINDS = (_Kind("dense, chart open", _dense), _Kind("hybrid, chart open", _hybrid), _Kind(ANEW, _dense))


def measure(scratch: Path, size: Size) -> Measured:
    """Both curves; the indexes of other sizes are written here and removed."""
    faiss.omp_set_num_threads(1)
    by_patients = {charts_of(name, size).patients: folder_of(scratch, name) for name in (SMALL, LARGE)}
    for patients in PATIENTS[size]:
        by_patients[patients] = _written(scratch / f"index-patients-{patients}", DrawnCharts(patients))
    by_notes = {}
    for notes, patients in NOTES[size].items():
        charts = DrawnCharts(patients, notes=notes)
        by_notes[notes] = (_written(scratch / f"index-notes-{notes}", charts), charts)
    patients_curves = _curves(
        "patients", "patients in the index, 50 notes each", {n: (by_patients[n], DrawnCharts(n)) for n in by_patients}
    )
    notes_curves = _curves("notes", "notes of the patient, ten chunks each", by_notes)
    for folder in (*scratch.glob("index-patients-*"), *scratch.glob("index-notes-*")):
        shutil.rmtree(folder)
    figures = [_slope(curve) for curve in notes_curves]
    return Measured(tuple(figures), (*patients_curves, *notes_curves))


def _written(folder: Path, charts: DrawnCharts) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    for _ in build(folder, charts):
        pass
    return folder


def _curves(name: str, x_label: str, indexes: dict[int, tuple[Path, DrawnCharts]]) -> list[Curve]:
    points: dict[str, list[Point]] = {kind.name: [] for kind in KINDS}
    for x, (folder, charts) in sorted(indexes.items()):
        taken = _taken(folder, charts)
        for kind in KINDS:
            points[kind.name].append(taken[kind.name].times(1000).point(x))
    return [Curve(f"{name}: {kind.name}", x_label, "CPU ms a query", tuple(points[kind.name])) for kind in KINDS]


def _taken(folder: Path, charts: DrawnCharts) -> dict[str, Repeats]:
    rng = np.random.default_rng(37)
    order = [charts.patient_id(number) for number in rng.permutation(charts.patients).tolist()]
    open_ones = Store(folder, DrawnEmbeddings()).generation
    closed = Store(folder, DrawnEmbeddings()).generation
    queries = unit(rng.standard_normal((64, DIMENSION), dtype=np.float32))
    few = order[:5]
    for patient_id in few:
        for kind in KINDS:
            kind.ask(open_ones, patient_id, queries[0])
    sources: dict[str, tuple[Generation, Iterator[str]]] = {
        kind.name: (closed, cycle(order)) if kind.name == ANEW else (open_ones, cycle(few)) for kind in KINDS
    }
    asked = cycle(queries)

    def once(kind: _Kind) -> Callable[[], object]:
        generation, names = sources[kind.name]
        return lambda: kind.ask(generation, next(names), next(asked))

    return interleaved_cpu_s({kind.name: once(kind) for kind in KINDS}, repeats=REPEATS, calls=CALLS)


def _slope(curve: Curve) -> Figure:
    """CPU microseconds that a note adds, by a straight line through the points, each weighted by its inverse."""
    x, y = np.array([p.x for p in curve.points]), np.array([p.y for p in curve.points])
    slope, base = np.polyfit(x, y, 1, w=1 / y)
    text = f"{1000 * base:.0f} µs and this for each note"
    return Figure(f"store: a note adds to a query, {curve.name.partition(': ')[2]}", 1000 * slope, "CPU µs", None,
                  "report", text)  # fmt: skip
