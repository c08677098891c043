"""What is stored was masked by some version of the rules, and rows are told by it: so the two change together."""

import hashlib

from ingest.deidentify import PatternDetector, mask

WORDS = """
Seen by Dr. Okonkwo today. Referred by Dr.
Ortiz for review. Mrs. de la Cruz rests; Nurse Ng and Prof. SMITH agree. Patient: SMITH, JOHN A  DOB: 03/14/1950
Electronically signed by Ann Ng, MD. Her daughter Maria was at the bedside. Lena Ortiz is a 57-year-old woman.
Call 559-555-0142 or (559) 555-0142, pager 555-0142, +44 20 7946 0958. SSN 402-19-8877, MRN: A-1234567, mrn 2280.
Account # 66201488. Member ID: HPX-77-40921. Pacemaker serial number PX-88123. Mail a.b+c@d-e.example.org now.
See https://x.example/p?id=1 from 10.34.201.7. Lives at 4417 Old Kettle Rd, Apt 3, Fresno, CA 93726.
Born on March 4, 1950, a 94-year-old man. [**Known lastname 1234**] was seen on [**2101-03-04**] at [**Hospital1 18**].
Aspirin 81 mg daily, BP 120/80, creatinine 1.2, Foley catheter, Parkinson disease, Bell palsy, 12/5 strength.
"""
MASKED = "daec7ecd78232807"


def test_rules_that_mask_other_words_are_another_version() -> None:
    detector = PatternDetector()
    masked = hashlib.sha256(mask(WORDS, detector.detect(WORDS)).encode()).hexdigest()
    assert (detector.version, masked[:16]) == ("patterns.2", MASKED), "raise PatternDetector.version, then change both"
