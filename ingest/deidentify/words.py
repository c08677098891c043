"""Words that look like names and are none, and names that are also words."""

NEVER_NAMES = frozenset(
    """
    A An And As At Be But By For From He Her Here His However I If In Is It Its My No Nor Not Now Of On Or Our She
    So Than That The Their Then There These They This Those To Today Was We When Which While Who With You Your Yes
    Please Thank Thanks Dear Also After Before During Since Until Per Due Both Each Some Any All Most Other Same
    Such Only Patient Patients Pt Physician Doctor Nurse Provider Attending Resident Surgeon Consult Consultation
    Note Notes Admission Admit Discharge Discharged History Physical Exam Examination Assessment Plan Impression
    Findings Result Results Medication Medications Allergies Allergy Problem Problems Diagnosis Diagnoses
    Disposition Condition Course Chief Complaint Present Illness Past Medical Surgical Social Family Review Systems
    Vital Vitals Signs Labs Lab Imaging Radiology Cardiology Neurology Oncology Nephrology Urology Surgery Medicine
    Pediatrics Psychiatry Pathology Gastroenterology Pulmonology Endocrinology Dermatology Orthopedics Orthopaedics
    Hematology Rheumatology Infectious Emergency Department Hospital Clinic Center Centre Unit Ward Floor Office
    Service Services Team Group Care Primary Education Instructions Instruction Information Name Date Time Age Sex
    Gender Male Female Man Woman Boy Girl Child White Black Asian Hispanic African American Caucasian Native
    English Spanish Denies Denied Reports Reported States Stated Presents Presented Complains Endorses Admits
    Tolerated Remains Remained Seen Given Received Started Stopped Continue Continued Will Would Should Can Could
    May Might Has Have Had Does Did Unknown None Nil Normal Abnormal Negative Positive Stable Unstable Unchanged
    Improved Worse Acute Chronic Severe Mild Moderate Left Right Upper Lower Bilateral Status Post Follow Followup
    Up Call Return Contact Phone Fax Email Monday Tuesday Wednesday Thursday Friday Saturday Sunday January
    February March April June July August September October November December Morning Evening Night Noon Mr Mrs Ms
    Dr Miss Prof Professor Drs Md Rn Np Pa Do Phd Signed Electronically Dictated Author Transcribed Reviewed
    Cosigned Unit Record Number Id Mrn Dob Ssn Diabetes Hypertension Cancer Asthma Stroke Disease Syndrome
    Pneumonia Anemia Depression Anxiety Dementia Alzheimer Parkinson Crohn Copd Chf Cad Mi Htn Dm Ckd Esrd Hiv
    Deceased Alive Living Healthy Breast Lung Colon Heart Kidney Liver Brain Skin Prostate Bone Blood
    """.split()  # noqa: SIM905 - a list of quoted words would not be readable
)
"""Capitalised words that are not taken for a name, compared in title case."""

WORDS_TOO = frozenset(
    """
    Armstrong Art Ash Bailey Baker Banks Barber Barry Bath Bay Bell Berry Best Bill Bird Bishop Black Bond Brook
    Brooks Brown Burns Bush Butler Byrd Carpenter Carter Case Chance Chase Church Clay Cole Cook Cooper Cross Day
    Dean Drew Earl English Faith Farmer Field Fields Fisher Fish Flowers Ford Forest Foster Fox France Frank Frost
    Gay Gene Glass Gold Good Grace Grant Graves Gray Green Grey Guy Hall Hand Hands Harmony Hart Head Heath Hill
    Hills Holiday Holly Hope House Hunt Hunter Ivory Ivy Jack Jasmine Jewel Joy Judge King Knight Lake Lamb Lane
    Law Lee Light Lily Little Long Love Major Mark Marsh Marshall Mason Max Melody Mercy Miles Miller Mills Moon
    Moody Moore Moss Myrtle Newton Noble North Olive Page Palmer Park Parks Patience Pearl Pierce Poole Pope Porter
    Post Potter Power Powers Price Prince Pruitt Rains Ray Reed Rich Rivers Robin Rod Rose Ruby Rush Sage Sandy
    Sharp Shepherd Short Silver Singer Skinner Small Snow South Sparks Spring Star Steele Stone Story Strong Summer
    Summers Swift Terry Thorn Tucker Turner Tyler Violet Walker Wall Walls Ward Warner Waters Weaver Webb Weeks
    Weiner Wells West Wheeler Wick Will Wise Wolf Wood Woods Word Worth Young White Black Allen Addison Babinski
    Barrett Braden Cushing Down Foley Glasgow Harrington Hodgkin Hoffman Homan Homans Huntington Kernig Lachman
    Marfan Morton Murphy Norton Paget Raynaud Romberg Wilson Wright
    """.split()  # noqa: SIM905
)
"""Names that also are everyday words or name a disease, sign or device: masked only where they stand as a name."""
