"""The words of the access policy: what can be asked of the port, about which facts, and where these stand."""

import enum


class Action(enum.StrEnum):
    """What can be asked of the port."""

    WATCH = "watch"
    REVIEW = "review"
    CONFIRM = "confirm"
    CORRECT = "correct"
    STEER_LANE = "steer_lane"
    PLACE_HOLD = "place_hold"
    READ_LEDGER = "read_ledger"
    READ_PAPERS = "read_papers"
    SUBMIT_PAPERS = "submit_papers"
    ATTEST = "attest"
    WORK_YARD = "work_yard"
    STEER_YARD = "steer_yard"
    ORDER_PICKUP = "order_pickup"
    EXCUSE_PEOPLE = "excuse_people"
    INSPECT_LOT = "inspect_lot"
    RELEASE_LOT = "release_lot"
    REQUEST_TEST = "request_test"
    FOLLOW = "follow"
    UPLOAD_IMAGE = "upload_image"
    EXAMINE = "examine"
    STEER_TARGETING = "steer_targeting"
    WRITE_RULES = "write_rules"
    MANAGE_ACCOUNTS = "manage_accounts"
    FORGET_PERSON = "forget_person"
    WATCH_REGION = "watch_region"
    ACKNOWLEDGE = "acknowledge"
    STEER_REGION = "steer_region"
    KEEP_SHIFT = "keep_shift"
    PLAN_DUTY = "plan_duty"
    REVIEW_READS = "review_reads"
    STUDY = "study"


class Field(enum.StrEnum):
    """What an action is about: a fact of a passage as its procedure found it, or a thing beside passages.

    ``vehicle`` is which vehicle it is, where and since when; the procedures' names stand for their evidence, those of
    the authorities for the reasons of their verdicts; ``order`` is the signed order itself; ``entry`` is that something
    is recorded and under which hash, not what; ``region`` all ports together, as their hub knows them;
    ``yard`` the supervised yard with its goods, scales and visits; ``lot`` goods on their way to release;
    ``rules`` the documents by which is decided; ``sample`` what was taken of a lot, its results and custody; ``shift``
    who is on duty, and one's own shift; ``study`` what a port's own files told; ``alarm`` an alarm of one's own
    authority, as ``port`` is one of the port's.

    What may be read only by who needs to know it, and is recorded each time, has no rule here but in ``need.py``:
    ``document`` is what a paper says beyond what stands on its vehicle, ``firm`` who imports or receives goods,
    ``watch_list`` what is watched for and why, ``findings`` what an examination found, ``aboard`` how many people were
    in a vehicle, ``picture`` a photograph, ``read`` who read what, ``rows`` what rows of a study's files say;
    ``driver``, ``health``, ``papers``, ``border_inspection`` and ``customs`` of a passage.
    """

    VEHICLE = "vehicle"
    POSITIONING = "positioning"
    PLATES = "plates"
    CONTAINER = "container"
    SEAL = "seal"
    WEIGHT = "weight"
    RADIATION = "radiation"
    DRIVER = "driver"
    HEALTH = "health"
    PAPERS = "papers"
    BORDER_INSPECTION = "border_inspection"
    CUSTOMS = "customs"
    SITE = "site"
    DECISION = "decision"
    ORDER = "order"
    PICTURE = "picture"
    REVIEW = "review"
    PORT = "port"
    LANE = "lane"
    HOLD = "hold"
    PAPER = "paper"
    TARGETING = "targeting"
    RULES = "rules"
    EXAMINATION = "examination"
    LOT = "lot"
    ENTRY = "entry"
    ACCOUNT = "account"
    PERSON = "person"
    REGION = "region"
    YARD = "yard"
    DOCUMENT = "document"
    FIRM = "firm"
    SAMPLE = "sample"
    WATCH_LIST = "watch_list"
    FINDINGS = "findings"
    ABOARD = "aboard"
    SHIFT = "shift"
    ALARM = "alarm"
    READ = "read"
    STUDY = "study"
    ROWS = "rows"


class State(enum.StrEnum):
    """Where the passage stands to which a field belongs; ``recorded`` in the ledger, ``none`` beside all passages."""

    COLLECTING = "collecting"
    AWAITING_VERDICTS = "awaiting_verdicts"
    IN_REVIEW = "in_review"
    ORDERED = "ordered"
    OPENED = "opened"
    CLEARED = "cleared"
    DIVERTED = "diverted"
    REFUSED = "refused"
    ABANDONED = "abandoned"
    RECORDED = "recorded"
    NONE = "none"
