"""A small realistic chart, and summaries of it in the shapes of the API, for the page alone."""

from dataclasses import dataclass
from typing import Any

DISCHARGE = """\
Name:  ___                     Unit No:   ___
Admission Date:  2181-03-09              Discharge Date:   2181-03-14
Service: CARDIOLOGY

Allergies:
Penicillins (hives) / lisinopril (cough)

History of Present Illness:
Mr. ___ is a 71 year old man with ischemic cardiomyopathy (EF 30%), atrial
fibrillation and CKD stage 3, who presents with four days of orthopnea and
a weight gain of 4 kg. He ran out of furosemide a week ago. He denies chest
pain, fever and cough.

Brief Hospital Course:
# Acute on chronic systolic heart failure: Diuresed with IV furosemide 80 mg
twice daily, net negative 6.2 L. Weight at discharge 84.1 kg. Transitioned
to torsemide 40 mg daily.
# Atrial fibrillation: Rate controlled. Warfarin was stopped after the
retroperitoneal bleed; apixaban 5 mg twice daily started on 2181-03-12.
# CKD: Creatinine peaked at 2.1 and was 1.6 at discharge.

Pertinent Results:
            03/09   03/11   03/14
Creatinine   1.8     2.1     1.6
Potassium    4.9     4.2     4.0
BNP         2140     ---     610

Discharge Medications:
1. Torsemide 40 mg PO DAILY
2. Apixaban 5 mg PO BID
3. Metoprolol succinate 100 mg PO DAILY
4. Losartan 25 mg PO DAILY

Code Status: Full code, confirmed with the patient.

Followup Instructions:
Cardiology clinic in one week with a basic metabolic panel.
"""

CLINIC = """\
Dear Dr. ___,

I saw Mr. ___ in the heart failure clinic on 2181-03-21. He feels well and
sleeps flat. Weight 83.8 kg, blood pressure 112/68, pulse 72 irregular.

Creatinine today is 1.5. Losartan was increased to 50 mg daily.
He reports no allergies.

With kind regards
"""

HOSTILE = (
    "ASSESSMENT:\r\nPatient \U0001f600 wrote <script>window.pwned = 1</script> on the form.\r\n"
    'Image: <img src=x onerror="window.pwned = 2"> and </textarea></div> too.\r\n'
    "Bidi: abc\u202edef\u202c ghi, zero\u200bwidth, family \U0001f468\u200d\U0001f469\u200d\U0001f467 stays.\r\n"
    "Old line\rbreaks. Café au lait spots, 𝒯-score −2.5 &amp; rising.\r\n"
)


@dataclass(frozen=True)
class Chart:
    """A patient and the notes, oldest first."""

    patient_id: str
    notes: list[dict[str, Any]]

    def note(self, note_id: str) -> dict[str, Any]:
        return next(n for n in self.notes if n["note_id"] == note_id)

    def cite(self, note_id: str, quote: str, section: str = "") -> dict[str, Any]:
        note = self.note(note_id)
        start = note["text"].index(quote)
        return {
            "note_id": note_id,
            "note_type": note["note_type"],
            "charted_at": note["charted_at"],
            "section": section,
            "start": start,
            "end": start + len(quote),
            "quote": quote,
        }


def _note(patient_id: str, n: int, note_type: str, charted_at: str | None, encounter: str | None, text: str) -> dict:
    return {
        "note_id": f"{patient_id}/N-{n:03d}",
        "patient_id": patient_id,
        "encounter_id": encounter,
        "note_type": note_type,
        "charted_at": charted_at,
        "text": text,
    }


def cardiac_chart(patient_id: str = "10001217", padding: int = 24) -> Chart:
    """`padding` routine notes over earlier years, then the admission and the clinic letter."""
    kinds = ("Progress note", "Nursing note", "Radiology report", "Consult note", "ED note", "H&P")
    notes = []
    for n in range(padding):
        at = f"{2180 - (padding - n) // 12}-{n % 12 + 1:02d}-{n % 27 + 1:02d}T08:{n % 60:02d}"
        text = f"Interval note {n}.\n\nThe patient is stable. Weight 85 kg. Continue current care.\n"
        notes.append(_note(patient_id, n, kinds[n % 6], at, f"E{n // 5}", text))
    notes.sort(key=lambda note: note["charted_at"])
    notes.insert(0, _note(patient_id, 900, "Scanned document", None, None, "An undated scan.\n"))
    notes.append(_note(patient_id, 901, "Discharge summary", "2181-03-14T11:20:00", "E99", DISCHARGE))
    notes.append(_note(patient_id, 902, "Clinic letter", "2181-03-21", None, CLINIC))
    return Chart(patient_id, notes)


def hostile_chart() -> Chart:
    patient_id = "a/b c?d#e%2F\U0001f642"
    return Chart(patient_id, [_note(patient_id, 1, "<b>Note</b>", "2180-01-02", None, HOSTILE)])


def statement(
    n: int, text: str, status: str, *citations: dict[str, Any], flags: tuple[str, ...] = ()
) -> dict[str, Any]:
    return {
        "statement_id": f"st-{n}",
        "text": text,
        "status": status,
        "citations": list(citations),
        "flags": list(flags),
    }


def section(key: str, title: str, outcome: str, *statements: dict[str, Any], withheld: int = 0) -> dict[str, Any]:
    return {"key": key, "title": title, "outcome": outcome, "withheld": withheld, "statements": list(statements)}


def cardiac_sections(chart: Chart) -> list[dict[str, Any]]:
    ds, cl = f"{chart.patient_id}/N-901", f"{chart.patient_id}/N-902"
    course = "Brief Hospital Course"
    diuresis = chart.cite(ds, "Diuresed with IV furosemide 80 mg\ntwice daily, net negative 6.2 L.", course)
    torsemide = chart.cite(ds, "Torsemide 40 mg PO DAILY", "Discharge Medications")
    torsemide_course = chart.cite(ds, "Transitioned\nto torsemide 40 mg daily.", course)
    losartan = chart.cite(cl, "Losartan was increased to 50 mg daily.")
    losartan_before = chart.cite(ds, "Losartan 25 mg PO DAILY", "Discharge Medications")
    bleed = "Warfarin was stopped after the\nretroperitoneal bleed; apixaban 5 mg twice daily started on 2181-03-12."
    creatinine = chart.cite(ds, "Creatinine peaked at 2.1 and was 1.6 at discharge.", course)
    identity = chart.cite(ds, "71 year old man with ischemic cardiomyopathy (EF 30%)", "History of Present Illness")
    return [
        section(
            "identity",
            "Identity and reason",
            "ok",
            statement(
                1,
                "71-year-old man with ischemic cardiomyopathy (EF 30%), admitted with heart failure.",
                "supported",
                identity,
                chart.cite(ds, "Acute on chronic systolic heart failure", course),
            ),
        ),
        section(
            "medications",
            "Current medications",
            "partial",
            statement(
                2, "Torsemide 40 mg daily replaced furosemide in March 2181.", "supported", torsemide, torsemide_course
            ),
            statement(
                3,
                "Losartan was increased from 25 mg to 50 mg daily on 21 March 2181.",
                "supported",
                losartan,
                losartan_before,
                flags=("reattributed",),
            ),
            statement(4, " ".join(bleed.split()), "quoted", chart.cite(ds, bleed, course)),
            withheld=1,
        ),
        section(
            "allergies",
            "Allergies",
            "ok",
            statement(
                5,
                "Penicillins (hives) / lisinopril (cough)",
                "quoted",
                chart.cite(ds, "Penicillins (hives) / lisinopril (cough)", "Allergies"),
            ),
        ),
        section(
            "course",
            "Recent course",
            "ok",
            statement(
                6,
                "Diuresed by 6.2 L with IV furosemide 80 mg twice daily.",
                "supported",
                diuresis,
                flags=("paraphrased",),
            ),
            statement(
                7,
                "Creatinine peaked at 2.1, was 1.6 at discharge and 1.5 a week later.",
                "supported",
                creatinine,
                chart.cite(cl, "Creatinine today is 1.5."),
            ),
        ),
        section("procedures", "Procedures", "no_evidence"),
        section("pending", "Pending and follow-up", "failed"),
        section(
            "safety",
            "Code status and safety",
            "ok",
            statement(
                8,
                "Full code, confirmed with the patient.",
                "quoted",
                chart.cite(ds, "Full code, confirmed with the patient.", "Code Status"),
            ),
        ),
    ]


def hostile_sections(chart: Chart) -> list[dict[str, Any]]:
    note_id = chart.notes[0]["note_id"]
    quotes = [
        'wrote <script>window.pwned = 1</script> on the form.\r\nImage: <img src=x onerror="window.pwned = 2">',
        "\U0001f600",
        "abc\u202edef\u202c ghi, zero\u200bwidth",
        "Old line\rbreaks. Café au lait spots, 𝒯-score −2.5 &amp; rising.",
        "spots, 𝒯-score",
    ]
    statements = [
        statement(n, q, "quoted", chart.cite(note_id, q, "<i>ASSESSMENT</i>"), flags=("unusual",))
        for n, q in enumerate(quotes)
    ]
    return [section("course", "Recent course", "ok", *statements)]


def summary_of(chart: Chart, sections: list[dict[str, Any]], template: str = "handoff") -> dict[str, Any]:
    statements = [s for part in sections for s in part["statements"]]
    cited = {c["note_id"] for s in statements for c in s["citations"]}
    rewritten = any(s["status"] == "supported" for s in statements)
    conflicts = []
    if rewritten:
        ds, cl = f"{chart.patient_id}/N-901", f"{chart.patient_id}/N-902"
        conflicts.append(
            {
                "kind": "allergy",
                "text": "One note lists allergies to penicillins and lisinopril, a later one says there are none.",
                "citations": [
                    chart.cite(ds, "Penicillins (hives) / lisinopril (cough)", "Allergies"),
                    chart.cite(cl, "He reports no allergies."),
                ],
            }
        )
    skipped = [{"note_id": n["note_id"], "reason": "undated"} for n in chart.notes if n["charted_at"] is None]
    return {
        "summary_id": f"sum-{template}",
        "patient_id": chart.patient_id,
        "template": template,
        "generated_at": "2026-11-21T10:30:00Z",
        "mode": "abstractive" if rewritten else "extractive",
        "sections": sections,
        "conflicts": conflicts,
        "coverage": {
            "notes_total": len(chart.notes),
            "notes_considered": len(chart.notes) - len(skipped),
            "notes_cited": len(cited),
            "quarantined": 2 if rewritten else 0,
            "skipped": skipped,
        },
        "provenance": {
            "index_generation": 3,
            "patient_digest": "9f2c" * 16,
            "embedding_model": "all-MiniLM-L6-v2",
            "model": "smollm2-135m-instruct" if rewritten else None,
            "adapter": None,
            "prompt": {"name": "compress", "version": "1", "sha256": "ab" * 32},
            "verifier": "checks-1",
        },
        "usage": {"prompt_tokens": 4120, "cached_prompt_tokens": 2800, "completion_tokens": 310},
        "timings": {"gather_s": 0.041, "first_statement_s": 0.62, "total_s": 3.4},
    }
