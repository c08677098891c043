"""What is measured on handoffs of ledger charts, with the bars; `mlops.evaluation.metrics` says how."""

from typing import get_args

from core.records import Outcome
from mlops.evaluation.charts import Phrasing
from mlops.evaluation.metrics.handoff import HANDOFF_KINDS
from mlops.evaluation.records import Better, Metric

_PLURAL = {
    "problem": "active problems",
    "drug": "current drugs, with the present dose",
    "allergy": "allergies, or that none are known",
    "result": "key last results (newest value of a test, abnormal, at most a year old), with the value",
    "code_status": "code status",
}


def ledger_metrics(phrasing: Phrasing) -> tuple[Metric, ...]:
    """All metrics of the task. Bars hold on phrasing half b; rules were built on a, which only has the hard ones."""
    on_b = phrasing == "b"

    def metric(name: str, definition: str, better: Better, bar: float | None = None, **more: object) -> Metric:
        kept = bar if on_b or more.get("hard") else None
        return Metric(name, definition, better, kept, **more)  # type: ignore[arg-type]

    by_kind = [
        metric(f"fact_recall_{kind}", f"Fact recall of {_PLURAL[kind]} alone.", "higher") for kind in HANDOFF_KINDS
    ]
    omitted = [
        metric(f"fact_omission_{kind}", f"Fact omission of {_PLURAL[kind]} alone.", "lower") for kind in HANDOFF_KINDS
    ]
    precise = [
        metric(f"fact_precision_{kind}", f"Fact precision of claims about {_PLURAL[kind]} alone.", "higher")
        for kind in HANDOFF_KINDS
    ]
    outcomes = [
        metric(f"sections_{o}", f"Share of sections whose outcome is {o}.", "lower" if o == "failed" else "neither")
        for o in get_args(Outcome)
    ]
    return (
        metric(
            "citation_validity",
            "Share of citations, those of conflicts included, whose quote equals text[start:end] of their note.",
            "higher",
            1.0,
            anchor="no other tool checks it",
            hard=True,
        ),
        metric(
            "citation_precision",
            "Of the citations of statements that tell a ledger fact, the share that overlaps a span at which the "
            "ledger states a fact told by the statement, with the dose or value it gives.",
            "higher",
            0.97,
        ),
        metric(
            "citation_recall",
            "Of all tellings (one a statement and ledger fact), the share of which a citation of the statement "
            "overlaps a span at which the ledger states the fact with the dose or value given.",
            "higher",
            0.90,
        ),
        metric(
            "statement_support",
            "Mean support of a statement by the sentences it cites, 0 to 1: each clause's terms held against its "
            "best window of cited sentences (chains.verification.grounding).",
            "higher",
        ),
        metric(
            "fact_recall",
            "Of the handoff facts true at the chart's end (active problems, current drugs, allergies or none known, "
            "key last results, code status), the share a statement names, not as denied, ended, possible or someone "
            "else's, a drug with its present dose and a result with its value.",
            "higher",
            0.95,
        ),
        *by_kind,
        metric(
            "fact_recall_every_result",
            "The strict reading of fact recall: every test's newest value of the last year is due, the normal too.",
            "higher",
        ),
        metric(
            "fact_precision",
            "Of all claims (one a statement and fact; a list statement that names nothing the ledger knows is one "
            "too), the share the ledger holds true: list statements as of the chart's end, others as of the date of "
            "the note they cite, which is shown with them (a note's own words on what the ledger does not know are "
            "none).",
            "higher",
            0.97,
        ),
        *precise,
        metric(
            "fact_precision_now",
            "The strict reading of fact precision: every statement is read as of the chart's end unless its own "
            "words say otherwise.",
            "higher",
        ),
        metric(
            "fact_omission",
            "Share of the handoff facts that no statement names as holding, with whatever dose or value.",
            "lower",
            anchor="3.45% of sentences omitted (12,999 clinician-read sentences)",
        ),
        *omitted,
        metric(
            "allergies_found", "Of the patient's allergies, the share told (not counting none known).", "higher", 1.0
        ),
        metric(
            "high_risk_drugs",
            "Of current anticoagulants, insulins, opioids, digoxin and immunosuppressants (ISMP high-alert "
            "medications), the share told with the present dose.",
            "higher",
            0.99,
        ),
        metric("words", "Words of a summary, median over patients.", "neither", statistic="median"),
        metric("over_length", "Share of summaries longer than 350 words.", "lower"),
        metric("compression", "Words of the summaries over words of the charts.", "neither"),
        metric("read_share", "Share of the chart's characters that the system could look at.", "neither"),
        metric(
            "unsupported_numbers",
            "Of all numbers in statements, the share that no cited sentence (nor its note's date) holds.",
            "lower",
            0.0,
            anchor="29% of GPT-4's numeric mentions on ACI-Bench",
            hard=True,
        ),
        metric(
            "negation_errors",
            "Claims that tell as denied what holds or as present what never was the patient's, and symptoms told "
            "against what the cited words say of them; of all claims and symptoms.",
            "lower",
        ),
        metric("laterality_errors", "Statements naming a side no cited sentence names, of those naming one.", "lower"),
        metric("subject_errors", "Claims that tell a relative's disease as the patient's, of all claims.", "lower"),
        metric(
            "currency_errors",
            "Claims that tell as holding what is over or superseded, or the reverse, of all claims, read as in fact "
            "precision.",
            "lower",
        ),
        metric(
            "redundancy",
            "Share of statements of which nine content words in ten stand in one earlier statement.",
            "lower",
        ),
        *outcomes,
        metric(
            "prompt_tokens",
            "Prompt tokens billed by the model for a summary, over the tokens of the chart's notes as the model's "
            "prompt for the full chart would hold them (counted by the embedding model's tokenizer).",
            "lower",
            anchor=".18",
        ),
        metric("cached_tokens", "Share of the billed prompt tokens that the server had cached.", "higher"),
    )
