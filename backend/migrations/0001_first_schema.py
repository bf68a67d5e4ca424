"""The first schema: everything that the line of a fix passes through, and the one row that numbers changes."""

from peewee import (
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

from backend.db import InstantField


def up(migrator, db):
    class Tag(Model):
        serial = CharField(unique=True)
        key = CharField()
        created_at = InstantField()

        class Meta:
            database = db
            table_name = "tag"

    db.create_tables([Tag])

    class Team(Model):
        name = CharField(unique=True)
        created_at = InstantField()

        class Meta:
            database = db
            table_name = "team"

    db.create_tables([Team])

    class Person(Model):
        team = ForeignKeyField(Team)
        role = CharField()
        name = CharField()
        email = CharField(unique=True)
        password_hash = CharField()
        phone = CharField(null=True)
        is_active = BooleanField(default=True)
        created_at = InstantField()

        class Meta:
            database = db
            table_name = "person"

    db.create_tables([Person])

    class Wearer(Model):
        team = ForeignKeyField(Team)
        name = CharField()
        responsible_officer = ForeignKeyField(Person, null=True)
        created_at = InstantField()

        class Meta:
            database = db
            table_name = "wearer"

    db.create_tables([Wearer])

    class Activation(Model):
        tag = ForeignKeyField(Tag)
        wearer = ForeignKeyField(Wearer)
        from_at = InstantField()
        to_at = InstantField(null=True)

        class Meta:
            database = db
            table_name = "activation"

    db.create_tables([Activation])

    class Victim(Model):
        team = ForeignKeyField(Team)
        name = CharField()
        phone = CharField(null=True)
        created_at = InstantField()

        class Meta:
            database = db
            table_name = "victim"

    db.create_tables([Victim])

    class ProtectedPlace(Model):
        victim = ForeignKeyField(Victim)
        label = CharField()

        class Meta:
            database = db
            table_name = "protected_place"

    db.create_tables([ProtectedPlace])

    class PlaceZone(Model):
        place = ForeignKeyField(ProtectedPlace)
        wearer = ForeignKeyField(Wearer)
        feature = JSONField()
        from_at = InstantField()
        to_at = InstantField(null=True)

        class Meta:
            database = db
            table_name = "place_zone"

    db.create_tables([PlaceZone])

    class Alert(Model):
        code = CharField(unique=True)
        kind = CharField()
        wearer = ForeignKeyField(Wearer)
        team = ForeignKeyField(Team)
        place = ForeignKeyField(ProtectedPlace)
        zone = ForeignKeyField(PlaceZone)
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
        fix_time = InstantField()
        received_at = InstantField()
        decided_at = InstantField()
        last_fix_time = InstantField()
        raised_at = InstantField()
        hinted_at = InstantField(null=True)
        handling = CharField(default="open")
        acknowledged_by = ForeignKeyField(Person, null=True)
        acknowledged_at = InstantField(null=True)
        acknowledged_danger = IntegerField(default=0)
        fell_at = InstantField(null=True)
        first_acknowledged_at = InstantField(null=True)
        outcome_code = CharField(null=True)
        outcome_note = TextField(null=True)
        outcome_by = ForeignKeyField(Person, null=True)
        outcome_at = InstantField(null=True)
        episode = IntegerField(default=1)
        ladder_started_at = InstantField()
        rung = IntegerField(default=0)
        next_escalation_at = InstantField(index=True, null=True)
        cursor = IntegerField(index=True, default=0)

        class Meta:
            database = db
            table_name = "alert"
            indexes = ((("team", "handling"), False), (("wearer", "place", "is_over"), False), (("raised_at",), False))

    db.create_tables([Alert])

    class Notification(Model):
        id = BigAutoField()
        alert = ForeignKeyField(Alert)
        person = ForeignKeyField(Person, null=True)
        victim = ForeignKeyField(Victim, null=True)
        channel = CharField()
        purpose = CharField()
        recipient_key = CharField()
        episode = IntegerField()
        rung = IntegerField()
        priority = IntegerField()
        due_at = InstantField()
        state = CharField(default="pending")
        attempts = IntegerField(default=0)
        lease_token = CharField(null=True)
        lease_until = InstantField(null=True)
        created_at = InstantField()
        sent_at = InstantField(null=True)
        delivered_at = InstantField(null=True)
        settled_at = InstantField(null=True)
        detail = CharField(null=True)

        class Meta:
            database = db
            table_name = "notification"
            indexes = (
                (("alert", "recipient_key", "channel", "purpose", "episode", "rung"), True),
                (("state", "due_at"), False),
            )

    db.create_tables([Notification])

    class Attempt(Model):
        id = CharField(primary_key=True)
        notification = ForeignKeyField(Notification)
        started_at = InstantField()
        finished_at = InstantField(null=True)
        outcome = CharField(null=True)
        provider_id = CharField(index=True, null=True)
        provider_state = CharField(null=True)
        detail = TextField(null=True)

        class Meta:
            database = db
            table_name = "attempt"

    db.create_tables([Attempt])

    class AuditEntry(Model):
        id = BigAutoField()
        at = InstantField()
        actor = CharField()
        action = CharField()
        alert = ForeignKeyField(Alert, null=True)
        subject = CharField()
        detail = JSONField(null=True)

        class Meta:
            database = db
            table_name = "audit_entry"

    db.create_tables([AuditEntry])

    class Consent(Model):
        victim = ForeignKeyField(Victim)
        channel = CharField()
        wording_breach = TextField()
        wording_over = TextField()
        given_at = InstantField()
        recorded_by = ForeignKeyField(Person)
        withdrawn_at = InstantField(null=True)
        withdrawn_by = CharField(null=True)

        class Meta:
            database = db
            table_name = "consent"

    db.create_tables([Consent])

    class Device(Model):
        person = ForeignKeyField(Person)
        token = TextField(unique=True)
        platform = CharField()
        created_at = InstantField()
        ended_at = InstantField(null=True)
        ended_because = CharField(null=True)

        class Meta:
            database = db
            table_name = "device"

    db.create_tables([Device])

    class Feed(Model):
        cursor = IntegerField()

        class Meta:
            database = db
            table_name = "feed"

    db.create_tables([Feed])

    class Fix(Model):
        id = BigAutoField()
        tag = ForeignKeyField(Tag, index=False)
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
            database = db
            table_name = "fix"
            indexes = ((("tag", "fix_time", "lat", "lon"), True), (("wearer", "fix_time"), False))

    db.create_tables([Fix])

    class PlaceState(Model):
        wearer = ForeignKeyField(Wearer)
        zone = ForeignKeyField(PlaceZone)
        tag = ForeignKeyField(Tag)
        level = IntegerField()
        certainty = CharField()
        fix_time = InstantField()
        wants_fast = BooleanField(default=False)
        next_change_at = InstantField(index=True, null=True)
        state = TextField()

        class Meta:
            database = db
            table_name = "place_state"
            indexes = ((("wearer", "zone"), True),)

    db.create_tables([PlaceState])

    class ProviderEvent(Model):
        id = BigAutoField()
        provider = CharField()
        token = CharField(unique=True)
        kind = CharField()
        body = JSONField()
        received_at = InstantField()
        made_of_it = CharField(null=True)

        class Meta:
            database = db
            table_name = "provider_event"

    db.create_tables([ProviderEvent])

    class QuarantinedFix(Model):
        id = BigAutoField()
        tag = ForeignKeyField(Tag)
        webhook_id = CharField()
        position = IntegerField(null=True)
        code = CharField()
        detail = TextField()
        body = TextField()
        received_at = InstantField()

        class Meta:
            database = db
            table_name = "quarantined_fix"

    db.create_tables([QuarantinedFix])

    class Receipt(Model):
        alert = ForeignKeyField(Alert)
        person = ForeignKeyField(Person)
        kind = CharField()
        channel = CharField()
        episode = IntegerField()
        at = InstantField()

        class Meta:
            database = db
            table_name = "receipt"
            indexes = ((("alert", "person", "kind", "channel", "episode"), True),)

    db.create_tables([Receipt])

    class Session(Model):
        person = ForeignKeyField(Person)
        refresh_hash = CharField(unique=True)
        previous_hash = CharField(index=True, null=True)
        refreshed_at = InstantField(null=True)
        created_at = InstantField()
        expires_at = InstantField()
        ended_at = InstantField(null=True)

        class Meta:
            database = db
            table_name = "session"

    db.create_tables([Session])

    class Socket(Model):
        person = ForeignKeyField(Person)
        session = ForeignKeyField(Session)
        sid = CharField(unique=True)
        seen_at = InstantField()

        class Meta:
            database = db
            table_name = "socket"

    db.create_tables([Socket])

    class TagEvent(Model):
        id = BigAutoField()
        tag = ForeignKeyField(Tag)
        kind = CharField()
        at = InstantField()
        received_at = InstantField()
        detail = JSONField(null=True)

        class Meta:
            database = db
            table_name = "tag_event"

    db.create_tables([TagEvent])

    class TagRequest(Model):
        id = BigAutoField()
        tag = ForeignKeyField(Tag)
        webhook_id = CharField()
        received_at = InstantField()
        answer = JSONField()

        class Meta:
            database = db
            table_name = "tag_request"
            indexes = ((("tag", "webhook_id"), True),)

    db.create_tables([TagRequest])

    Feed.insert(id=1, cursor=0).execute()


def down(migrator, db):
    migrator.migrate(migrator.drop_table("tag_request"))
    migrator.migrate(migrator.drop_table("tag_event"))
    migrator.migrate(migrator.drop_table("socket"))
    migrator.migrate(migrator.drop_table("session"))
    migrator.migrate(migrator.drop_table("receipt"))
    migrator.migrate(migrator.drop_table("quarantined_fix"))
    migrator.migrate(migrator.drop_table("provider_event"))
    migrator.migrate(migrator.drop_table("place_state"))
    migrator.migrate(migrator.drop_table("fix"))
    migrator.migrate(migrator.drop_table("feed"))
    migrator.migrate(migrator.drop_table("device"))
    migrator.migrate(migrator.drop_table("consent"))
    migrator.migrate(migrator.drop_table("audit_entry"))
    migrator.migrate(migrator.drop_table("attempt"))
    migrator.migrate(migrator.drop_table("notification"))
    migrator.migrate(migrator.drop_table("alert"))
    migrator.migrate(migrator.drop_table("place_zone"))
    migrator.migrate(migrator.drop_table("protected_place"))
    migrator.migrate(migrator.drop_table("victim"))
    migrator.migrate(migrator.drop_table("activation"))
    migrator.migrate(migrator.drop_table("wearer"))
    migrator.migrate(migrator.drop_table("person"))
    migrator.migrate(migrator.drop_table("team"))
    migrator.migrate(migrator.drop_table("tag"))
