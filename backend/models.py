"""Every table, read from top to bottom as the life of a fix: who, where, what was sent, how judged, who was told."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from peewee import (
    SQL,
    AutoField,
    BigAutoField,
    BooleanField,
    CharField,
    DoubleField,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    TextField,
)

from backend.db import InstantField, database


class Role(StrEnum):
    """What a member of staff may do."""

    OFFICER = "officer"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class Handling(StrEnum):
    """What people do about an alert; what the wearer does is its situation."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    CLOSED = "closed"


class AlertKind(StrEnum):
    """Why an alert was raised."""

    ZONE = "zone"
    CANNOT_JUDGE = "cannot_judge"
    REPEATED_PASSES = "repeated_passes"
    NOTICE = "notice"


class Channel(StrEnum):
    """A way to reach a person."""

    WEBSOCKET = "websocket"
    PUSH = "push"
    SMS = "sms"
    VOICE = "voice"


class Purpose(StrEnum):
    """What a notification says; the words are notifier.messages'."""

    ALERT = "alert"
    ESCALATION = "escalation"
    WITHDRAWN = "withdrawn"
    ANSWERED = "answered"
    VICTIM_BREACH = "victim_breach"
    VICTIM_OVER = "victim_over"
    VICTIM_NOT_WARNED = "victim_not_warned"
    # Answers to what an officer sent by SMS.
    REPLY_ACKNOWLEDGED = "reply_acknowledged"
    REPLY_TAKEN = "reply_taken"
    REPLY_CANNOT = "reply_cannot"
    REPLY_DETAILS = "reply_details"
    VICTIM_ENDING = "victim_ending"
    NOTICE = "notice"
    CORRECTION = "correction"


class NotificationState(StrEnum):
    """How far a notification has come. Sent is not delivered is not received."""

    PENDING = "pending"
    SENT = "sent"
    DELIVERED = "delivered"
    RECEIVED = "received"
    FAILED = "failed"
    CANCELLED = "cancelled"


class ReceiptKind(StrEnum):
    """Proof from a phone."""

    RECEIVED = "received"
    DISPLAYED = "displayed"
    OPENED = "opened"


class AlarmKind(StrEnum):
    """What can be wrong with Cordon itself or with its ways to people; the gravest first."""

    OUTAGE = "outage"
    PROCESS_SILENT = "process_silent"
    CANARY = "canary"
    NO_NEXT_ACTION = "no_next_action"
    NO_LIVE_ROUTE = "no_live_route"
    WEARERS_NUMBER = "wearers_number"
    PUSH_LOST = "push_lost"
    BACKLOG = "backlog"
    PROVIDER_CREDENTIALS = "provider_credentials"
    PROVIDER_DOWN = "provider_down"
    DEAD_LETTER = "dead_letter"
    OPTED_OUT = "opted_out"
    CLOCK = "clock"
    ROTA_GAP = "rota_gap"
    MOVING_PLACE_SILENT = "moving_place_silent"
    CASE_INCOMPLETE = "case_incomplete"
    NUMBERS_UNPROVED = "numbers_unproved"


class ProvedHow(StrEnum):
    """How it became known whose a number is."""

    BY_TEXT = "by_text"
    BY_CALL = "by_call"
    # In use when proofs began, or made for a demonstration: taken as proved at that moment.
    CARRIED_OVER = "carried_over"


class Table(Model):
    """What all tables share."""

    if TYPE_CHECKING:
        # peewee adds the key, and one ``..._id`` for each foreign key, as the class is made.
        id: Any

        def __getattr__(self, name: str) -> Any: ...

    class Meta:
        database = database
        legacy_table_names = False


class Team(Table):
    """A probation delivery unit: who may see a wearer."""

    name = CharField(unique=True)
    created_at = InstantField()


class Person(Table):
    """A member of staff."""

    team = ForeignKeyField(Team, backref="people")
    role = CharField()
    name = CharField()
    email = CharField(unique=True)
    password_hash = CharField()
    phone = CharField(null=True)
    is_active = BooleanField(default=True)
    # Nobody: the account whose phone shows that the whole chain works. It is told of canary alerts and of no others.
    is_canary = BooleanField(default=False)
    created_at = InstantField()


class RouteDown(Table):
    """A way to a person that will take nothing more: an opted-out, wrong or landline number."""

    person = ForeignKeyField(Person, backref="routes_down")
    channel = CharField()
    because = CharField()
    down_at = InstantField()
    up_at = InstantField(null=True)


class Shift(Table):
    """When a person is on duty for their team."""

    team = ForeignKeyField(Team, backref="shifts")
    person = ForeignKeyField(Person, backref="shifts")
    from_at = InstantField()
    to_at = InstantField()
    entered_by = ForeignKeyField(Person, null=True)
    created_at = InstantField()
    # When Firebase was asked, before it began, whether it still knows the person's phones.
    phones_checked_at = InstantField(null=True)

    class Meta:
        indexes = ((("team", "from_at"), False),)


class LadderPolicy(Table):
    """A team's own ladder for one kind of alert or for all, from an instant on; the newest one counts."""

    team = ForeignKeyField(Team, backref="ladders")
    kind = CharField(null=True)
    ladder = JSONField()
    # Who is told last and again and again: a person, or a desk that has an account and a fixed line.
    duty_person = ForeignKeyField(Person, null=True, backref="duties")
    from_at = InstantField()
    set_by = ForeignKeyField(Person, null=True)


class Session(Table):
    """One sign-in of one person on one phone or browser, until it ends."""

    person = ForeignKeyField(Person, backref="sessions")
    refresh_hash = CharField(unique=True)
    previous_hash = CharField(null=True, index=True)
    refreshed_at = InstantField(null=True)
    created_at = InstantField()
    expires_at = InstantField()
    ended_at = InstantField(null=True)


class Device(Table):
    """A phone that takes pushes for a person."""

    person = ForeignKeyField(Person, backref="devices")
    token = TextField(unique=True)
    platform = CharField()
    keys = JSONField(null=True)
    created_at = InstantField()
    ended_at = InstantField(null=True)
    ended_because = CharField(null=True)


class Socket(Table):
    """One open Socket.IO connection, kept fresh by the process that holds it: who can be reached by websocket."""

    person = ForeignKeyField(Person, backref="sockets")
    session = ForeignKeyField(Session)
    sid = CharField(unique=True)
    seen_at = InstantField()


class Victim(Table):
    """A protected person."""

    team = ForeignKeyField(Team, backref="victims")
    name = CharField()
    phone = CharField(null=True)
    created_at = InstantField()


class Consent(Table):
    """A victim's recorded agreement to be reached on one channel in words she chose, until withdrawn."""

    victim = ForeignKeyField(Victim, backref="consents")
    channel = CharField()
    wording_breach = TextField()
    wording_over = TextField()
    wording_ending = TextField(null=True)
    given_at = InstantField()
    recorded_by = ForeignKeyField(Person)
    withdrawn_at = InstantField(null=True)
    withdrawn_by = CharField(null=True)


class LocationConsent(Table):
    """A victim's recorded agreement that her phone says where she is, until withdrawn."""

    victim = ForeignKeyField(Victim, backref="location_consents")
    given_at = InstantField()
    recorded_by = ForeignKeyField(Person)
    withdrawn_at = InstantField(null=True)
    withdrawn_by = CharField(null=True)


class VictimPhone(Table):
    """A phone that may say where a victim is: paired once with a code that was read to her."""

    consent = ForeignKeyField(LocationConsent, backref="phones")
    code_hash = CharField(unique=True)
    code_expires_at = InstantField()
    token_hash = CharField(unique=True, null=True)
    paired_at = InstantField(null=True)
    created_at = InstantField()


class VictimPosition(Table):
    """Where a victim's phone was: the newest two and no more, gone when she withdraws."""

    victim = ForeignKeyField(Victim, backref="positions")
    fix_time = InstantField()
    received_at = InstantField()
    lat = DoubleField()
    lon = DoubleField()
    accuracy_m = DoubleField(null=True)
    speed_mps = DoubleField(null=True)

    class Meta:
        indexes = ((("victim", "fix_time"), True),)


class Wearer(Table):
    """The person wearing a tag."""

    team = ForeignKeyField(Team, backref="wearers")
    name = CharField()
    responsible_officer = ForeignKeyField(Person, null=True)
    is_training = BooleanField(default=False)
    # Nobody: its tag walks into a test zone every few minutes. A canary is a training case as well.
    is_canary = BooleanField(default=False)
    created_at = InstantField()


class WearerNumber(Table):
    """A phone number known to be a wearer's, until taken back: no warning may ever go there."""

    wearer = ForeignKeyField(Wearer, backref="numbers")
    number = CharField(index=True)
    recorded_by = ForeignKeyField(Person)
    recorded_at = InstantField()
    ended_by = ForeignKeyField(Person, null=True)
    ended_at = InstantField(null=True)


class NumberProof(Table):
    """A code that was asked for to prove whose a number is, how it was sent, and whether it came back.

    The code itself is nowhere: it follows from ``salt``, the number and the secret key.
    """

    person = ForeignKeyField(Person, null=True, backref="number_proofs")
    victim = ForeignKeyField(Victim, null=True, backref="number_proofs")
    number = CharField(index=True)
    channel = CharField()
    salt = CharField(null=True)
    asked_at = InstantField()
    asked_by = ForeignKeyField(Person, null=True)
    tries = IntegerField(default=0)
    # Its way out: when it is next to be sent, None once it was or never will be.
    due_at = InstantField(null=True, index=True)
    attempts = IntegerField(default=0)
    lease_token = CharField(null=True)
    lease_until = InstantField(null=True)
    sent_at = InstantField(null=True)
    failed_because = CharField(null=True)
    proved_at = InstantField(null=True)
    how = CharField(null=True)
    voided_at = InstantField(null=True)
    voided_because = CharField(null=True)


class Tag(Table):
    """The device on the ankle and the key that signs what it sends."""

    serial = CharField(unique=True)
    key = CharField()
    created_at = InstantField()


class Activation(Table):
    """One tag worn by one wearer, from, to."""

    tag = ForeignKeyField(Tag, backref="activations")
    wearer = ForeignKeyField(Wearer, backref="activations")
    from_at = InstantField()
    to_at = InstantField(null=True)


class ProtectedPlace(Table):
    """A victim's place that a wearer must keep away from."""

    victim = ForeignKeyField(Victim, backref="places")
    label = CharField()


class PlaceZone(Table):
    """A zone around a place that applies to one wearer: a GeoJSON Feature with kind and buffer."""

    place = ForeignKeyField(ProtectedPlace, backref="zones")
    wearer = ForeignKeyField(Wearer, backref="zones")
    feature = JSONField()
    from_at = InstantField()
    to_at = InstantField(null=True)
    # Around a person and not a place: the feature has no geometry, only radius and buffer.
    moves = BooleanField(default=False)


class TagRequest(Table):
    """One signed request of a tag and what it was answered, so that the same request is answered the same."""

    id = BigAutoField()
    tag = ForeignKeyField(Tag)
    webhook_id = CharField()
    received_at = InstantField()
    answer = JSONField()

    class Meta:
        indexes = ((("tag", "webhook_id"), True),)


class Fix(Table):
    """One position report that was accepted, with how it was judged."""

    id = BigAutoField()
    tag = ForeignKeyField(Tag, backref="fixes", index=False)
    wearer = ForeignKeyField(Wearer, null=True, index=False)
    fix_time = InstantField()
    received_at = InstantField()
    decided_at = InstantField(null=True)
    lat = DoubleField()
    lon = DoubleField()
    accuracy_m = DoubleField(null=True)
    speed_mps = DoubleField(null=True)
    course_deg = DoubleField(null=True)
    satellites = IntegerField(null=True)
    hdop = DoubleField(null=True)
    source = CharField(null=True)
    battery_pct = DoubleField(null=True)
    extra = JSONField(null=True)
    level = IntegerField(null=True)
    certainty = CharField(null=True)

    class Meta:
        indexes = (
            (("tag", "fix_time", "lat", "lon"), True),
            (("wearer", "fix_time"), False),
        )


class QuarantinedFix(Table):
    """What a tag sent and we do not act on, as it came, with the reason."""

    id = BigAutoField()
    tag = ForeignKeyField(Tag, backref="quarantine")
    webhook_id = CharField()
    position = IntegerField(null=True)
    code = CharField()
    detail = TextField()
    body = TextField()
    received_at = InstantField()


class TagEvent(Table):
    """Something a tag said of itself, or we saw of it: a strap opened, a clock reset. Held against no person."""

    id = BigAutoField()
    tag = ForeignKeyField(Tag, backref="events")
    kind = CharField()
    at = InstantField()
    received_at = InstantField()
    detail = JSONField(null=True)


class PlaceState(Table):
    """How near one wearer is to one zone: the judge's own state after the newest fix."""

    wearer = ForeignKeyField(Wearer, backref="place_states")
    zone = ForeignKeyField(PlaceZone, backref="states")
    tag = ForeignKeyField(Tag)
    level = IntegerField()
    certainty = CharField()
    fix_time = InstantField()
    wants_fast = BooleanField(default=False)
    # When the zone next comes into force or out of it, which is judged without a fix.
    next_change_at = InstantField(null=True, index=True)
    state = TextField()

    class Meta:
        indexes = ((("wearer", "zone"), True),)


class Alert(Table):
    """One ongoing situation of one wearer at one place, and what people do about it."""

    code = CharField(unique=True)
    kind = CharField()
    wearer = ForeignKeyField(Wearer, backref="alerts")
    team = ForeignKeyField(Team, backref="alerts")
    place = ForeignKeyField(ProtectedPlace, backref="alerts")
    zone = ForeignKeyField(PlaceZone)
    # The situation.
    level = IntegerField()
    certainty = CharField()
    peak_danger = IntegerField()
    is_over = BooleanField(default=False)
    is_late = BooleanField(default=False)
    over_at = InstantField(null=True)
    reasons = JSONField()
    distance_m = DoubleField(null=True)
    closing_mps = DoubleField(null=True)
    time_to_edge_s = DoubleField(null=True)
    probability_inside = DoubleField(null=True)
    could_be_inside = BooleanField(default=False)
    is_pass_through = BooleanField(default=False)
    # At a moving place: who came nearer to whom when danger last rose.
    mover = CharField(null=True)
    # The clock of the fix that raised it.
    fix_time = InstantField()
    received_at = InstantField()
    decided_at = InstantField()
    last_fix_time = InstantField()
    raised_at = InstantField()
    # When the first hint left for any socket, whoever it was owed to.
    hinted_at = InstantField(null=True)
    # The handling.
    handling = CharField(default=Handling.OPEN)
    acknowledged_by = ForeignKeyField(Person, null=True, backref="acknowledged")
    acknowledged_at = InstantField(null=True)
    acknowledged_danger = IntegerField(default=0)
    # The fix at which danger fell below what people know of: a return soon after is no news.
    fell_at = InstantField(null=True)
    first_acknowledged_at = InstantField(null=True)
    outcome_code = CharField(null=True)
    outcome_note = TextField(null=True)
    outcome_by = ForeignKeyField(Person, null=True, backref="outcomes")
    outcome_at = InstantField(null=True)
    # The ladder: an alert that somebody still has to answer always has a next instant.
    episode = IntegerField(default=1)
    ladder_started_at = InstantField()
    rung = IntegerField(default=0)
    next_escalation_at = InstantField(null=True, index=True)
    # The ladder as it was when the alert was raised; None is the default one.
    ladder = JSONField(null=True)
    duty_person = ForeignKeyField(Person, null=True)
    # Where the alert stands in the feed of changes that phones follow.
    cursor = IntegerField(default=0, index=True)

    class Meta:
        indexes = (
            (("team", "handling"), False),
            (("wearer", "place", "is_over"), False),
            (("raised_at",), False),
        )
        # Writing what has not changed costs more than all the rest of a change.
        only_save_dirty = True


class Feed(Table):
    """The one row whose counter numbers the changes of alerts in the order of their commits."""

    id = AutoField()
    cursor = IntegerField()


class Epoch(Table):
    """The one row that names this life of the database: a restore from backup begins another one."""

    id = AutoField()
    name = CharField()
    began_at = InstantField()
    # From a restore until a notifier has judged anew what is owed: nothing is sent meanwhile.
    held_at = InstantField(null=True)


class Notification(Table):
    """One message owed to one person on one channel for one rung of an alert's ladder."""

    id = BigAutoField()
    alert = ForeignKeyField(Alert, backref="notifications")
    person = ForeignKeyField(Person, null=True, backref="notifications")
    victim = ForeignKeyField(Victim, null=True, backref="notifications")
    channel = CharField()
    purpose = CharField()
    recipient_key = CharField()
    episode = IntegerField()
    rung = IntegerField()
    priority = IntegerField()
    due_at = InstantField()
    state = CharField(default=NotificationState.PENDING)
    attempts = IntegerField(default=0)
    lease_token = CharField(null=True)
    lease_until = InstantField(null=True)
    created_at = InstantField()
    sent_at = InstantField(null=True)
    delivered_at = InstantField(null=True)
    settled_at = InstantField(null=True)
    detail = CharField(null=True)

    class Meta:
        indexes = (
            (("alert", "recipient_key", "channel", "purpose", "episode", "rung"), True),
            (("state", "due_at"), False),
            (("channel", "state"), False),
        )


# Few of all messages wait, and few of all are calls. Whoever asks by these indexes has to spell the conditions out: a
# bound parameter hides them.
Notification.add_index(
    Notification.index(
        Notification.priority, Notification.id.desc(), name="notification_pending", where=SQL("state = 'pending'")
    )
)
Notification.add_index(
    Notification.index(Notification.settled_at, name="notification_calls", where=SQL("channel = 'voice'"))
)


class Attempt(Table):
    """One try to hand a notification to a provider."""

    id = CharField(primary_key=True)
    notification = ForeignKeyField(Notification, backref="tries")
    started_at = InstantField(index=True)
    finished_at = InstantField(null=True)
    outcome = CharField(null=True)
    provider_id = CharField(null=True, index=True)
    provider_state = CharField(null=True)
    # Which account or project was asked, and when it was last asked what became of the message.
    provider = CharField(null=True)
    polled_at = InstantField(null=True)
    detail = TextField(null=True)


class Receipt(Table):
    """What a person's phone says it did with an alert."""

    alert = ForeignKeyField(Alert, backref="receipts")
    person = ForeignKeyField(Person, backref="receipts")
    kind = CharField()
    channel = CharField()
    episode = IntegerField()
    at = InstantField()

    class Meta:
        indexes = ((("alert", "person", "kind", "channel", "episode"), True),)


class ProviderEvent(Table):
    """A callback or an incoming message of a provider, stored as it came before anything is made of it."""

    id = BigAutoField()
    provider = CharField()
    token = CharField(unique=True)
    kind = CharField()
    body = JSONField()
    received_at = InstantField(index=True)
    made_of_it = CharField(null=True)


class AuditEntry(Table):
    """Who did what to what, and when; written with the change itself."""

    id = BigAutoField()
    at = InstantField()
    actor = CharField()
    action = CharField()
    alert = ForeignKeyField(Alert, null=True, backref="history")
    subject = CharField()
    detail = JSONField(null=True)


class Heartbeat(Table):
    """When a process last said that it works; ``name`` is its kind, and its host and number where there are many."""

    name = CharField(unique=True)
    kind = CharField(index=True)
    at = InstantField()


class Alarm(Table):
    """Something wrong with Cordon itself or its ways to people, from when it was seen to when it was over."""

    kind = CharField()
    subject = CharField()
    team = ForeignKeyField(Team, null=True)
    detail = TextField()
    raised_at = InstantField()
    last_seen_at = InstantField()
    told_at = InstantField(null=True)
    ended_at = InstantField(null=True, index=True)
    end_told_at = InstantField(null=True)
    # Kind and subject while it stands, then nothing: one alarm of a kind and subject stands at a time.
    standing_key = CharField(null=True, unique=True)


class Outage(Table):
    """A time in which no process of a kind worked, and whom it left unprotected."""

    what = CharField()
    from_at = InstantField()
    to_at = InstantField()
    found_at = InstantField()
    # When what had waited was counted for the last time.
    settled_at = InstantField(null=True)
    wearer_ids = JSONField()
    alert_ids = JSONField()

    class Meta:
        indexes = ((("what", "from_at"), True),)


class CanaryWalk(Table):
    """One walk of the canary's tag into its test zone: how far it came along the chain, and when."""

    started_at = InstantField(index=True)
    # The last instant at which it passes.
    until_at = InstantField()
    # A word while it is under way, then nothing: one walk is under way at a time, whoever carries it.
    under_way = CharField(null=True, unique=True)
    taken_at = InstantField(null=True)
    alert = ForeignKeyField(Alert, null=True)
    decided_at = InstantField(null=True)
    owed_at = InstantField(null=True)
    sent_at = InstantField(null=True)
    delivered_at = InstantField(null=True)
    ended_at = InstantField(null=True)
    result = CharField(null=True)
    # Where in the chain it was seen last, and what is known of why.
    step = CharField(null=True)
    detail = CharField(null=True)


class CheckedCaseload(Table):
    """The two files of a caseload that were found sound, until the person who checked them confirms; then nothing."""

    person = ForeignKeyField(Person, unique=True)
    table = TextField(column_name="rows")
    zones = TextField()
    cases = IntegerField()
    checked_at = InstantField(index=True)


class DatedEntry(Table):
    """Something that is true of a subject from an instant on, until the next entry; never changed, only corrected."""

    id = BigAutoField()
    subject = CharField()
    what = CharField()
    # Whose case it belongs to, so that a case is read in one query.
    wearer = ForeignKeyField(Wearer, null=True, backref="entries")
    value = JSONField()
    from_at = InstantField()
    why = TextField()
    document = CharField()
    corrects = ForeignKeyField("self", null=True)
    recorded_at = InstantField()
    recorded_by = ForeignKeyField(Person, null=True)

    class Meta:
        indexes = ((("subject", "what"), False), (("what",), False))


class Order(Table):
    """The licence or court order that zones come from; its dates are dated entries."""

    wearer = ForeignKeyField(Wearer, backref="orders")
    kind = CharField()
    reference = CharField()
    created_at = InstantField()
    created_by = ForeignKeyField(Person, null=True)


class Condition(Table):
    """One condition of an order in the court's own words, from an instant on."""

    order = ForeignKeyField(Order, backref="conditions")
    number = CharField()
    wording = TextField()
    from_at = InstantField()
    corrects = ForeignKeyField("self", null=True)
    recorded_at = InstantField()
    recorded_by = ForeignKeyField(Person, null=True)


class ZoneVersion(Table):
    """What a zone's row stands for: the line of versions it belongs to, its order, and who recorded it and why."""

    zone = ForeignKeyField(PlaceZone, unique=True, backref="versions")
    # The number of the first zone of the line.
    line = IntegerField(index=True)
    order = ForeignKeyField(Order, null=True, backref="zone_versions")
    condition = ForeignKeyField(Condition, null=True)
    is_removed = BooleanField(default=False)
    is_provisional = BooleanField(default=False)
    why = TextField()
    document = CharField()
    corrects = ForeignKeyField(PlaceZone, null=True, backref="corrected_by")
    recorded_at = InstantField()
    recorded_by = ForeignKeyField(Person, null=True)


class ActivationCorrection(Table):
    """Says that an activation was recorded in error, and which one is right instead."""

    activation = ForeignKeyField(Activation, unique=True, backref="corrections")
    replaced_by = ForeignKeyField(Activation, null=True, backref="replaces")
    why = TextField()
    recorded_at = InstantField()
    recorded_by = ForeignKeyField(Person, null=True)


class CaseDue(Table):
    """What the calendar owes a case: derived from the record, and made anew when the record changes."""

    id = BigAutoField()
    what = CharField()
    subject = CharField()
    wearer = ForeignKeyField(Wearer, null=True)
    due_at = InstantField()
    done_at = InstantField(null=True)
    detail = JSONField(null=True)

    class Meta:
        indexes = ((("done_at", "due_at"), False),)


class EmergencyOpening(Table):
    """A restricted case opened by somebody who is not named on it, with the reason, and who reviewed that."""

    wearer = ForeignKeyField(Wearer, backref="openings")
    person = ForeignKeyField(Person)
    reason = TextField()
    opened_at = InstantField()
    until_at = InstantField()
    reviewed_by = ForeignKeyField(Person, null=True, backref="reviews")
    reviewed_at = InstantField(null=True)
    review_note = TextField(null=True)


class PoliceHandover(Table):
    """An alert handed to a police control room: to which force, under which reference, when and by whom."""

    alert = ForeignKeyField(Alert, backref="handovers")
    force = CharField()
    reference = CharField()
    at = InstantField()
    recorded_at = InstantField()
    recorded_by = ForeignKeyField(Person)


TABLES: list[type[Table]] = [
    Team,
    Person,
    RouteDown,
    Shift,
    LadderPolicy,
    Session,
    Device,
    Socket,
    Victim,
    Consent,
    LocationConsent,
    VictimPhone,
    VictimPosition,
    Wearer,
    WearerNumber,
    NumberProof,
    Tag,
    Activation,
    ProtectedPlace,
    PlaceZone,
    TagRequest,
    Fix,
    QuarantinedFix,
    TagEvent,
    PlaceState,
    Alert,
    Feed,
    Epoch,
    Notification,
    Attempt,
    Receipt,
    ProviderEvent,
    AuditEntry,
    Heartbeat,
    Alarm,
    Outage,
    CanaryWalk,
    CheckedCaseload,
    DatedEntry,
    Order,
    Condition,
    ZoneVersion,
    ActivationCorrection,
    CaseDue,
    EmergencyOpening,
    PoliceHandover,
]
