-- The schema of 0.1.0. It is kept as it was released: each change is a step of its own beside it.

CREATE TABLE "tag" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "serial" VARCHAR(255) NOT NULL,
    "key" VARCHAR(255) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX "tag_serial" ON "tag" ("serial");
CREATE UNIQUE INDEX "tag_one_serial" ON "tag" (LOWER(TRIM("serial")));

CREATE TABLE "team" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "name" VARCHAR(255) NOT NULL,
    "answer_within_s" INTEGER NOT NULL,
    "answer_within_set_at" TIMESTAMPTZ,
    "created_at" TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX "team_name" ON "team" ("name");

CREATE TABLE "person" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "team_id" BIGINT NOT NULL,
    "role" VARCHAR(255) NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "email" VARCHAR(255) NOT NULL,
    "password_hash" VARCHAR(255) NOT NULL,
    "phone" VARCHAR(255),
    "is_active" BOOLEAN NOT NULL,
    "is_canary" BOOLEAN NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    FOREIGN KEY ("team_id") REFERENCES "team" ("id")
);
CREATE INDEX "person_team_id" ON "person" ("team_id");
CREATE UNIQUE INDEX "person_email" ON "person" ("email");
CREATE UNIQUE INDEX "person_one_email" ON "person" (LOWER(TRIM("email")));

CREATE TABLE "wearer" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "team_id" BIGINT NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "crn" VARCHAR(255),
    "date_of_birth" DATE,
    "responsible_officer_id" BIGINT,
    "is_training" BOOLEAN NOT NULL,
    "is_canary" BOOLEAN NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    FOREIGN KEY ("team_id") REFERENCES "team" ("id"),
    FOREIGN KEY ("responsible_officer_id") REFERENCES "person" ("id")
);
CREATE INDEX "wearer_team_id" ON "wearer" ("team_id");
CREATE INDEX "wearer_crn" ON "wearer" ("crn");
CREATE INDEX "wearer_responsible_officer_id" ON "wearer" ("responsible_officer_id");

CREATE TABLE "activation" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "tag_id" BIGINT NOT NULL,
    "wearer_id" BIGINT NOT NULL,
    "from_at" TIMESTAMPTZ NOT NULL,
    "to_at" TIMESTAMPTZ,
    "is_in_error" BOOLEAN NOT NULL,
    "is_beside" BOOLEAN NOT NULL,
    FOREIGN KEY ("tag_id") REFERENCES "tag" ("id"),
    FOREIGN KEY ("wearer_id") REFERENCES "wearer" ("id")
);
CREATE INDEX "activation_tag_id" ON "activation" ("tag_id");
CREATE INDEX "activation_wearer_id" ON "activation" ("wearer_id");

CREATE TABLE "activation_correction" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "activation_id" BIGINT NOT NULL,
    "replaced_by_id" BIGINT,
    "why" TEXT NOT NULL,
    "recorded_at" TIMESTAMPTZ NOT NULL,
    "recorded_by_id" BIGINT,
    FOREIGN KEY ("activation_id") REFERENCES "activation" ("id"),
    FOREIGN KEY ("replaced_by_id") REFERENCES "activation" ("id"),
    FOREIGN KEY ("recorded_by_id") REFERENCES "person" ("id")
);
CREATE UNIQUE INDEX "activation_correction_activation_id" ON "activation_correction" ("activation_id");
CREATE INDEX "activation_correction_replaced_by_id" ON "activation_correction" ("replaced_by_id");
CREATE INDEX "activation_correction_recorded_by_id" ON "activation_correction" ("recorded_by_id");

CREATE TABLE "alarm" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "kind" VARCHAR(255) NOT NULL,
    "subject" VARCHAR(255) NOT NULL,
    "team_id" BIGINT,
    "detail" TEXT NOT NULL,
    "raised_at" TIMESTAMPTZ NOT NULL,
    "last_seen_at" TIMESTAMPTZ NOT NULL,
    "told_at" TIMESTAMPTZ,
    "ended_at" TIMESTAMPTZ,
    "end_told_at" TIMESTAMPTZ,
    "notifying_by" VARCHAR(255),
    "notifying_until" TIMESTAMPTZ,
    "standing_key" VARCHAR(255),
    FOREIGN KEY ("team_id") REFERENCES "team" ("id")
);
CREATE INDEX "alarm_team_id" ON "alarm" ("team_id");
CREATE INDEX "alarm_ended_at" ON "alarm" ("ended_at");
CREATE UNIQUE INDEX "alarm_standing_key" ON "alarm" ("standing_key");

CREATE TABLE "victim" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "team_id" BIGINT NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "phone" VARCHAR(255),
    "is_child" BOOLEAN NOT NULL,
    "reached_through_id" BIGINT,
    "least_gap_min" INTEGER NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    FOREIGN KEY ("team_id") REFERENCES "team" ("id"),
    FOREIGN KEY ("reached_through_id") REFERENCES "victim" ("id")
);
CREATE INDEX "victim_team_id" ON "victim" ("team_id");
CREATE INDEX "victim_reached_through_id" ON "victim" ("reached_through_id");

CREATE TABLE "protected_place" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "victim_id" BIGINT,
    "wearer_id" BIGINT,
    "label" VARCHAR(255) NOT NULL,
    FOREIGN KEY ("victim_id") REFERENCES "victim" ("id"),
    FOREIGN KEY ("wearer_id") REFERENCES "wearer" ("id"),
    CHECK ((victim_id IS NULL) <> (wearer_id IS NULL))
);
CREATE INDEX "protected_place_victim_id" ON "protected_place" ("victim_id");
CREATE INDEX "protected_place_wearer_id" ON "protected_place" ("wearer_id");

CREATE TABLE "place_zone" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "place_id" BIGINT NOT NULL,
    "wearer_id" BIGINT NOT NULL,
    "feature" JSONB NOT NULL,
    "from_at" TIMESTAMPTZ NOT NULL,
    "to_at" TIMESTAMPTZ,
    "moves" BOOLEAN NOT NULL,
    FOREIGN KEY ("place_id") REFERENCES "protected_place" ("id"),
    FOREIGN KEY ("wearer_id") REFERENCES "wearer" ("id")
);
CREATE INDEX "place_zone_place_id" ON "place_zone" ("place_id");
CREATE INDEX "place_zone_wearer_id" ON "place_zone" ("wearer_id");

CREATE TABLE "escalation" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "wearer_id" BIGINT NOT NULL,
    "about" VARCHAR(255) NOT NULL,
    "lead_id" BIGINT,
    "started_at" TIMESTAMPTZ NOT NULL,
    "step" INTEGER NOT NULL,
    "next_at" TIMESTAMPTZ,
    "is_anew" BOOLEAN NOT NULL,
    "repeats" INTEGER NOT NULL,
    "reserved_for_id" BIGINT,
    "reserved_until" TIMESTAMPTZ,
    "policy" JSONB,
    "duty_person_id" BIGINT,
    FOREIGN KEY ("wearer_id") REFERENCES "wearer" ("id"),
    FOREIGN KEY ("reserved_for_id") REFERENCES "person" ("id"),
    FOREIGN KEY ("duty_person_id") REFERENCES "person" ("id")
);
CREATE INDEX "escalation_wearer_id" ON "escalation" ("wearer_id");
CREATE INDEX "escalation_next_at" ON "escalation" ("next_at");
CREATE INDEX "escalation_reserved_for_id" ON "escalation" ("reserved_for_id");
CREATE INDEX "escalation_duty_person_id" ON "escalation" ("duty_person_id");
CREATE UNIQUE INDEX "escalation_wearer_id_about" ON "escalation" ("wearer_id", "about");

CREATE TABLE "alert" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "code" VARCHAR(255) NOT NULL,
    "kind" VARCHAR(255) NOT NULL,
    "wearer_id" BIGINT NOT NULL,
    "team_id" BIGINT NOT NULL,
    "place_id" BIGINT,
    "zone_id" BIGINT,
    "event" VARCHAR(255),
    "tag_id" BIGINT,
    "victim_id" BIGINT,
    "level" INTEGER NOT NULL,
    "certainty" VARCHAR(255) NOT NULL,
    "peak_danger" INTEGER NOT NULL,
    "is_over" BOOLEAN NOT NULL,
    "is_late" BOOLEAN NOT NULL,
    "is_after_order" BOOLEAN NOT NULL,
    "over_at" TIMESTAMPTZ,
    "over_before_at" TIMESTAMPTZ,
    "needs_all_clear" BOOLEAN NOT NULL,
    "reasons" JSONB NOT NULL,
    "distance_m" DOUBLE PRECISION,
    "closing_mps" DOUBLE PRECISION,
    "time_to_edge_s" DOUBLE PRECISION,
    "probability_inside" DOUBLE PRECISION,
    "could_be_inside" BOOLEAN NOT NULL,
    "is_pass_through" BOOLEAN NOT NULL,
    "worst_from" TIMESTAMPTZ,
    "worst_until" TIMESTAMPTZ,
    "worst_m" DOUBLE PRECISION,
    "is_over_by_fix" BOOLEAN,
    "possible_from" TIMESTAMPTZ,
    "mover" VARCHAR(255),
    "fix_time" TIMESTAMPTZ NOT NULL,
    "received_at" TIMESTAMPTZ NOT NULL,
    "decided_at" TIMESTAMPTZ NOT NULL,
    "last_fix_time" TIMESTAMPTZ NOT NULL,
    "breached_at" TIMESTAMPTZ,
    "raised_at" TIMESTAMPTZ NOT NULL,
    "hinted_at" TIMESTAMPTZ,
    "handling" VARCHAR(255) NOT NULL,
    "acknowledged_by_id" BIGINT,
    "acknowledged_at" TIMESTAMPTZ,
    "acknowledged_danger" INTEGER NOT NULL,
    "fell_at" TIMESTAMPTZ,
    "first_acknowledged_at" TIMESTAMPTZ,
    "outcome_code" VARCHAR(255),
    "outcome_note" TEXT,
    "outcome_by_id" BIGINT,
    "outcome_at" TIMESTAMPTZ,
    "episode" INTEGER NOT NULL,
    "escalation_id" BIGINT,
    "cursor" BIGINT NOT NULL,
    FOREIGN KEY ("wearer_id") REFERENCES "wearer" ("id"),
    FOREIGN KEY ("team_id") REFERENCES "team" ("id"),
    FOREIGN KEY ("place_id") REFERENCES "protected_place" ("id"),
    FOREIGN KEY ("zone_id") REFERENCES "place_zone" ("id"),
    FOREIGN KEY ("tag_id") REFERENCES "tag" ("id"),
    FOREIGN KEY ("victim_id") REFERENCES "victim" ("id"),
    FOREIGN KEY ("acknowledged_by_id") REFERENCES "person" ("id"),
    FOREIGN KEY ("outcome_by_id") REFERENCES "person" ("id"),
    FOREIGN KEY ("escalation_id") REFERENCES "escalation" ("id")
);
CREATE UNIQUE INDEX "alert_code" ON "alert" ("code");
CREATE INDEX "alert_wearer_id" ON "alert" ("wearer_id");
CREATE INDEX "alert_team_id" ON "alert" ("team_id");
CREATE INDEX "alert_place_id" ON "alert" ("place_id");
CREATE INDEX "alert_zone_id" ON "alert" ("zone_id");
CREATE INDEX "alert_tag_id" ON "alert" ("tag_id");
CREATE INDEX "alert_victim_id" ON "alert" ("victim_id");
CREATE INDEX "alert_acknowledged_by_id" ON "alert" ("acknowledged_by_id");
CREATE INDEX "alert_outcome_by_id" ON "alert" ("outcome_by_id");
CREATE INDEX "alert_cursor" ON "alert" ("cursor");
CREATE INDEX "alert_team_id_handling" ON "alert" ("team_id", "handling");
CREATE INDEX "alert_wearer_id_place_id_is_over" ON "alert" ("wearer_id", "place_id", "is_over");
CREATE INDEX "alert_raised_at" ON "alert" ("raised_at");
CREATE INDEX "alert_unanswered" ON "alert" ("id") WHERE (handling <> 'closed' AND certainty <> 'withdrawn' AND kind <> 'notice');
CREATE INDEX "alert_group" ON "alert" ("escalation_id") WHERE (handling <> 'closed' AND certainty <> 'withdrawn' AND kind <> 'notice');
CREATE INDEX "alert_listed" ON "alert" ("team_id") WHERE (handling <> 'closed' OR NOT is_over);

CREATE TABLE "figures_word" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "word" VARCHAR(255) NOT NULL
);
CREATE UNIQUE INDEX "figures_word_word" ON "figures_word" ("word");

CREATE TABLE "alert_figures" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "alert_id" BIGINT NOT NULL,
    "wearer_id" BIGINT NOT NULL,
    "place_id" BIGINT,
    "team_id" BIGINT NOT NULL,
    "handled_by_team_id" BIGINT NOT NULL,
    "officer_id" BIGINT,
    "raised_at" TIMESTAMPTZ NOT NULL,
    "kind_id" BIGINT NOT NULL,
    "handling_id" BIGINT NOT NULL,
    "outcome_id" BIGINT,
    "is_withdrawn" BOOLEAN NOT NULL,
    "is_after_order" BOOLEAN NOT NULL,
    "is_answered_in_full" BOOLEAN NOT NULL,
    "is_waited_for" BOOLEAN NOT NULL,
    "counted_at" TIMESTAMPTZ NOT NULL,
    "tag_lag_s" DOUBLE PRECISION,
    "decide_s" DOUBLE PRECISION,
    "send_s" DOUBLE PRECISION,
    "deliver_s" DOUBLE PRECISION,
    "outcome_s" DOUBLE PRECISION,
    "police_s" DOUBLE PRECISION,
    FOREIGN KEY ("alert_id") REFERENCES "alert" ("id"),
    FOREIGN KEY ("wearer_id") REFERENCES "wearer" ("id"),
    FOREIGN KEY ("place_id") REFERENCES "protected_place" ("id"),
    FOREIGN KEY ("team_id") REFERENCES "team" ("id"),
    FOREIGN KEY ("handled_by_team_id") REFERENCES "team" ("id"),
    FOREIGN KEY ("officer_id") REFERENCES "person" ("id"),
    FOREIGN KEY ("kind_id") REFERENCES "figures_word" ("id"),
    FOREIGN KEY ("handling_id") REFERENCES "figures_word" ("id"),
    FOREIGN KEY ("outcome_id") REFERENCES "figures_word" ("id")
);
CREATE UNIQUE INDEX "alert_figures_alert_id" ON "alert_figures" ("alert_id");
CREATE INDEX "alert_figures_wearer_id_team_id_raised_at" ON "alert_figures" ("wearer_id", "team_id", "raised_at");
CREATE INDEX "alert_figures_raised_at" ON "alert_figures" ("raised_at");
CREATE INDEX alert_figures_of_team ON alert_figures (team_id, raised_at) INCLUDE (alert_id, wearer_id, place_id, officer_id, kind_id, handling_id, outcome_id, is_withdrawn, is_answered_in_full, tag_lag_s, decide_s, send_s, deliver_s, outcome_s, police_s);
CREATE INDEX "alert_figures_went_along" ON "alert_figures" ("handled_by_team_id", "raised_at") WHERE handled_by_team_id <> team_id;
CREATE INDEX "alert_figures_waited_for" ON "alert_figures" ("raised_at") WHERE is_waited_for;

CREATE TABLE "alert_note" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "alert_id" BIGINT NOT NULL,
    "text" TEXT NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "by_id" BIGINT NOT NULL,
    FOREIGN KEY ("alert_id") REFERENCES "alert" ("id"),
    FOREIGN KEY ("by_id") REFERENCES "person" ("id")
);
CREATE INDEX "alert_note_alert_id" ON "alert_note" ("alert_id");
CREATE INDEX "alert_note_by_id" ON "alert_note" ("by_id");

CREATE TABLE "notification" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "alert_id" BIGINT NOT NULL,
    "person_id" BIGINT,
    "victim_id" BIGINT,
    "channel" VARCHAR(255) NOT NULL,
    "purpose" VARCHAR(255) NOT NULL,
    "recipient_key" VARCHAR(255) NOT NULL,
    "episode" INTEGER NOT NULL,
    "step" INTEGER NOT NULL,
    "priority" INTEGER NOT NULL,
    "shown" JSONB NOT NULL DEFAULT '{}',
    "is_repeat" BOOLEAN NOT NULL DEFAULT false,
    "due_at" TIMESTAMPTZ NOT NULL,
    "state" VARCHAR(255) NOT NULL,
    "attempts" INTEGER NOT NULL,
    "lease_token" VARCHAR(255),
    "lease_until" TIMESTAMPTZ,
    "created_at" TIMESTAMPTZ NOT NULL,
    "sent_at" TIMESTAMPTZ,
    "delivered_at" TIMESTAMPTZ,
    "settled_at" TIMESTAMPTZ,
    "detail" VARCHAR(255),
    FOREIGN KEY ("alert_id") REFERENCES "alert" ("id"),
    FOREIGN KEY ("person_id") REFERENCES "person" ("id"),
    FOREIGN KEY ("victim_id") REFERENCES "victim" ("id")
);
CREATE INDEX "notification_alert_id" ON "notification" ("alert_id");
CREATE INDEX "notification_person_id" ON "notification" ("person_id");
CREATE INDEX "notification_victim_id" ON "notification" ("victim_id");
CREATE UNIQUE INDEX "notification_alert_id_recipient_key_channel_purpose_episode_step" ON "notification" ("alert_id", "recipient_key", "channel", "purpose", "episode", "step");
CREATE INDEX "notification_state_due_at" ON "notification" ("state", "due_at");
CREATE INDEX "notification_channel_state" ON "notification" ("channel", "state");
CREATE INDEX "notification_pending" ON "notification" ("channel", "priority", "id" DESC) WHERE state = 'pending';
CREATE INDEX "notification_silent" ON "notification" ("sent_at") WHERE state = 'sent' AND channel IN ('sms', 'voice');
CREATE INDEX "notification_calls" ON "notification" ("settled_at") WHERE channel IN ('voice');
CREATE INDEX "notification_repeated" ON "notification" ("person_id", "created_at") WHERE is_repeat;

CREATE TABLE "attempt" (
    "id" VARCHAR(255) NOT NULL PRIMARY KEY,
    "notification_id" BIGINT NOT NULL,
    "started_at" TIMESTAMPTZ NOT NULL,
    "finished_at" TIMESTAMPTZ,
    "outcome" VARCHAR(255),
    "provider_id" VARCHAR(255),
    "provider_state" VARCHAR(255),
    "provider" VARCHAR(255),
    "polled_at" TIMESTAMPTZ,
    "detail" TEXT,
    FOREIGN KEY ("notification_id") REFERENCES "notification" ("id")
);
CREATE INDEX "attempt_notification_id" ON "attempt" ("notification_id");
CREATE INDEX "attempt_started_at" ON "attempt" ("started_at");
CREATE INDEX "attempt_provider_id" ON "attempt" ("provider_id");

CREATE TABLE "audit_entry" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "at" TIMESTAMPTZ NOT NULL,
    "actor" VARCHAR(255) NOT NULL,
    "action" VARCHAR(255) NOT NULL,
    "alert_id" BIGINT,
    "subject" VARCHAR(255) NOT NULL,
    "detail" JSONB,
    FOREIGN KEY ("alert_id") REFERENCES "alert" ("id")
);
CREATE INDEX "audit_entry_alert_id" ON "audit_entry" ("alert_id");
CREATE INDEX "audit_entry_subject_id" ON "audit_entry" ("subject", "id");

CREATE TABLE "call_figures" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "alert_id" BIGINT NOT NULL,
    "number" INTEGER NOT NULL,
    "team_id" BIGINT NOT NULL,
    "raised_at" TIMESTAMPTZ NOT NULL,
    "cause_id" BIGINT NOT NULL,
    "is_rise" BOOLEAN NOT NULL,
    "danger" INTEGER NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "hour" INTEGER NOT NULL,
    "weekday" INTEGER NOT NULL,
    "officer_id" BIGINT,
    "channel_id" BIGINT NOT NULL,
    "answer_s" DOUBLE PRECISION NOT NULL,
    "total_s" DOUBLE PRECISION,
    FOREIGN KEY ("alert_id") REFERENCES "alert" ("id"),
    FOREIGN KEY ("team_id") REFERENCES "team" ("id"),
    FOREIGN KEY ("cause_id") REFERENCES "figures_word" ("id"),
    FOREIGN KEY ("officer_id") REFERENCES "person" ("id"),
    FOREIGN KEY ("channel_id") REFERENCES "figures_word" ("id")
);
CREATE UNIQUE INDEX "call_figures_alert_id_number" ON "call_figures" ("alert_id", "number");
CREATE INDEX call_figures_of_team ON call_figures (team_id, raised_at) INCLUDE (alert_id, number, cause_id, is_rise, danger, at, hour, weekday, officer_id, channel_id, answer_s, total_s);

CREATE TABLE "canary_walk" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "started_at" TIMESTAMPTZ NOT NULL,
    "until_at" TIMESTAMPTZ NOT NULL,
    "under_way" VARCHAR(255),
    "taken_at" TIMESTAMPTZ,
    "alert_id" BIGINT,
    "decided_at" TIMESTAMPTZ,
    "enqueued_at" TIMESTAMPTZ,
    "sent_at" TIMESTAMPTZ,
    "delivered_at" TIMESTAMPTZ,
    "ended_at" TIMESTAMPTZ,
    "result" VARCHAR(255),
    "step" VARCHAR(255),
    "detail" VARCHAR(255),
    FOREIGN KEY ("alert_id") REFERENCES "alert" ("id")
);
CREATE INDEX "canary_walk_started_at" ON "canary_walk" ("started_at");
CREATE UNIQUE INDEX "canary_walk_under_way" ON "canary_walk" ("under_way");
CREATE INDEX "canary_walk_alert_id" ON "canary_walk" ("alert_id");

CREATE TABLE "case_due" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "what" VARCHAR(255) NOT NULL,
    "subject" VARCHAR(255) NOT NULL,
    "wearer_id" BIGINT,
    "due_at" TIMESTAMPTZ NOT NULL,
    "done_at" TIMESTAMPTZ,
    "detail" JSONB,
    FOREIGN KEY ("wearer_id") REFERENCES "wearer" ("id")
);
CREATE INDEX "case_due_wearer_id" ON "case_due" ("wearer_id");
CREATE INDEX "case_due_done_at_due_at" ON "case_due" ("done_at", "due_at");

CREATE TABLE "checked_caseload" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "person_id" BIGINT NOT NULL,
    "rows" TEXT NOT NULL,
    "zones" TEXT NOT NULL,
    "cases" INTEGER NOT NULL,
    "opened" INTEGER NOT NULL,
    "done" JSONB,
    "checked_at" TIMESTAMPTZ NOT NULL,
    FOREIGN KEY ("person_id") REFERENCES "person" ("id")
);
CREATE UNIQUE INDEX "checked_caseload_person_id" ON "checked_caseload" ("person_id");
CREATE INDEX "checked_caseload_checked_at" ON "checked_caseload" ("checked_at");

CREATE TABLE "claim_nights" (
    "activation_id" BIGINT NOT NULL PRIMARY KEY,
    "nights" JSONB NOT NULL,
    FOREIGN KEY ("activation_id") REFERENCES "activation" ("id")
);

CREATE TABLE "order" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "wearer_id" BIGINT NOT NULL,
    "kind" VARCHAR(255) NOT NULL,
    "reference" VARCHAR(255) NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "created_by_id" BIGINT,
    FOREIGN KEY ("wearer_id") REFERENCES "wearer" ("id"),
    FOREIGN KEY ("created_by_id") REFERENCES "person" ("id")
);
CREATE INDEX "order_wearer_id" ON "order" ("wearer_id");
CREATE INDEX "order_created_by_id" ON "order" ("created_by_id");

CREATE TABLE "condition" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "order_id" BIGINT NOT NULL,
    "number" VARCHAR(255) NOT NULL,
    "wording" TEXT NOT NULL,
    "from_at" TIMESTAMPTZ NOT NULL,
    "why" TEXT NOT NULL,
    "document" VARCHAR(255) NOT NULL,
    "corrects_id" BIGINT,
    "recorded_at" TIMESTAMPTZ NOT NULL,
    "recorded_by_id" BIGINT,
    FOREIGN KEY ("order_id") REFERENCES "order" ("id"),
    FOREIGN KEY ("corrects_id") REFERENCES "condition" ("id"),
    FOREIGN KEY ("recorded_by_id") REFERENCES "person" ("id")
);
CREATE INDEX "condition_order_id" ON "condition" ("order_id");
CREATE INDEX "condition_corrects_id" ON "condition" ("corrects_id");
CREATE INDEX "condition_recorded_by_id" ON "condition" ("recorded_by_id");

CREATE TABLE "consent" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "victim_id" BIGINT NOT NULL,
    "channel" VARCHAR(255) NOT NULL,
    "wording_breach" TEXT NOT NULL,
    "wording_over" TEXT NOT NULL,
    "wording_ending" TEXT,
    "wording_help" TEXT,
    "wording_acts" TEXT,
    "wording_nothing" TEXT,
    "wording_unwatched" TEXT,
    "wording_watched" TEXT,
    "wording_asked" TEXT,
    "sender" VARCHAR(255),
    "help_word" VARCHAR(255),
    "hours_from" INTEGER,
    "hours_until" INTEGER,
    "by_use" JSONB,
    "language" VARCHAR(255),
    "given_at" TIMESTAMPTZ NOT NULL,
    "recorded_by_id" BIGINT,
    "confirmed_at" TIMESTAMPTZ,
    "asked_at" TIMESTAMPTZ,
    "withdrawn_at" TIMESTAMPTZ,
    "withdrawn_by" VARCHAR(255),
    FOREIGN KEY ("victim_id") REFERENCES "victim" ("id"),
    FOREIGN KEY ("recorded_by_id") REFERENCES "person" ("id")
);
CREATE INDEX "consent_victim_id" ON "consent" ("victim_id");
CREATE INDEX "consent_recorded_by_id" ON "consent" ("recorded_by_id");

CREATE TABLE "session" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "person_id" BIGINT NOT NULL,
    "refresh_hash" VARCHAR(255) NOT NULL,
    "generation" BIGINT NOT NULL,
    "refreshed_at" TIMESTAMPTZ,
    "created_at" TIMESTAMPTZ NOT NULL,
    "expires_at" TIMESTAMPTZ NOT NULL,
    "ended_at" TIMESTAMPTZ,
    FOREIGN KEY ("person_id") REFERENCES "person" ("id")
);
CREATE INDEX "session_person_id" ON "session" ("person_id");
CREATE UNIQUE INDEX "session_refresh_hash" ON "session" ("refresh_hash");

CREATE TABLE "device" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "person_id" BIGINT NOT NULL,
    "token" TEXT NOT NULL,
    "platform" VARCHAR(255) NOT NULL,
    "keys" JSONB,
    "created_at" TIMESTAMPTZ NOT NULL,
    "ended_at" TIMESTAMPTZ,
    "ended_because" VARCHAR(255),
    "session_id" BIGINT,
    FOREIGN KEY ("person_id") REFERENCES "person" ("id"),
    FOREIGN KEY ("session_id") REFERENCES "session" ("id")
);
CREATE INDEX "device_person_id" ON "device" ("person_id");
CREATE INDEX "device_token" ON "device" ("token");
CREATE INDEX "device_session_id" ON "device" ("session_id");
CREATE UNIQUE INDEX "device_live_token" ON "device" ("token") WHERE ended_at IS NULL;

CREATE TABLE "emergency_opening" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "wearer_id" BIGINT NOT NULL,
    "person_id" BIGINT NOT NULL,
    "reason" TEXT NOT NULL,
    "opened_at" TIMESTAMPTZ NOT NULL,
    "until_at" TIMESTAMPTZ NOT NULL,
    "reviewed_by_id" BIGINT,
    "reviewed_at" TIMESTAMPTZ,
    "review_note" TEXT,
    FOREIGN KEY ("wearer_id") REFERENCES "wearer" ("id"),
    FOREIGN KEY ("person_id") REFERENCES "person" ("id"),
    FOREIGN KEY ("reviewed_by_id") REFERENCES "person" ("id")
);
CREATE INDEX "emergency_opening_wearer_id" ON "emergency_opening" ("wearer_id");
CREATE INDEX "emergency_opening_person_id" ON "emergency_opening" ("person_id");
CREATE INDEX "emergency_opening_reviewed_by_id" ON "emergency_opening" ("reviewed_by_id");

CREATE TABLE "epoch" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "name" VARCHAR(255) NOT NULL,
    "began_at" TIMESTAMPTZ NOT NULL,
    "held_at" TIMESTAMPTZ
);

CREATE TABLE "escalation_policy" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "team_id" BIGINT NOT NULL,
    "kind" VARCHAR(255),
    "content" JSONB NOT NULL,
    "duty_person_id" BIGINT,
    "from_at" TIMESTAMPTZ NOT NULL,
    "set_by_id" BIGINT,
    FOREIGN KEY ("team_id") REFERENCES "team" ("id"),
    FOREIGN KEY ("duty_person_id") REFERENCES "person" ("id"),
    FOREIGN KEY ("set_by_id") REFERENCES "person" ("id")
);
CREATE INDEX "escalation_policy_team_id" ON "escalation_policy" ("team_id");
CREATE INDEX "escalation_policy_duty_person_id" ON "escalation_policy" ("duty_person_id");
CREATE INDEX "escalation_policy_set_by_id" ON "escalation_policy" ("set_by_id");

CREATE TABLE "fact" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "what" VARCHAR(255) NOT NULL,
    "of_wearer_id" BIGINT,
    "of_order_id" BIGINT,
    "of_zone_id" BIGINT,
    "of_person_id" BIGINT,
    "of_team_id" BIGINT,
    "of_victim_id" BIGINT,
    "of_activation_id" BIGINT,
    "case_id" BIGINT,
    "value" JSONB NOT NULL,
    "during" TSTZRANGE NOT NULL,
    "why" TEXT NOT NULL,
    "document" VARCHAR(255) NOT NULL,
    "replaces_id" BIGINT,
    "is_restated" BOOLEAN NOT NULL,
    "recorded_at" TIMESTAMPTZ NOT NULL,
    "recorded_by_id" BIGINT,
    FOREIGN KEY ("of_wearer_id") REFERENCES "wearer" ("id"),
    FOREIGN KEY ("of_order_id") REFERENCES "order" ("id"),
    FOREIGN KEY ("of_zone_id") REFERENCES "place_zone" ("id"),
    FOREIGN KEY ("of_person_id") REFERENCES "person" ("id"),
    FOREIGN KEY ("of_team_id") REFERENCES "team" ("id"),
    FOREIGN KEY ("of_victim_id") REFERENCES "victim" ("id"),
    FOREIGN KEY ("of_activation_id") REFERENCES "activation" ("id"),
    FOREIGN KEY ("case_id") REFERENCES "wearer" ("id"),
    FOREIGN KEY ("replaces_id") REFERENCES "fact" ("id"),
    FOREIGN KEY ("recorded_by_id") REFERENCES "person" ("id"),
    CHECK (num_nonnulls(of_wearer_id, of_order_id, of_zone_id, of_person_id, of_team_id, of_victim_id, of_activation_id) = 1),
    CHECK (what IN ('terms', 'life', 'responsible_officer', 'cover', 'team', 'name', 'identity', 'risk', 'safety_plan', 'eligibility', 'restricted', 'approval', 'worn', 'number', 'protected', 'reached', 'warnings_declined', 'recall')),
    CHECK (NOT isempty(during) AND NOT lower_inf(during) AND lower_inc(during) AND NOT upper_inc(during))
);
CREATE INDEX "fact_of_wearer_id" ON "fact" ("of_wearer_id");
CREATE INDEX "fact_of_order_id" ON "fact" ("of_order_id");
CREATE INDEX "fact_of_zone_id" ON "fact" ("of_zone_id");
CREATE INDEX "fact_of_person_id" ON "fact" ("of_person_id");
CREATE INDEX "fact_of_team_id" ON "fact" ("of_team_id");
CREATE INDEX "fact_of_victim_id" ON "fact" ("of_victim_id");
CREATE INDEX "fact_of_activation_id" ON "fact" ("of_activation_id");
CREATE INDEX "fact_case_id" ON "fact" ("case_id");
CREATE UNIQUE INDEX "fact_replaces_id" ON "fact" ("replaces_id");
CREATE INDEX "fact_recorded_by_id" ON "fact" ("recorded_by_id");
CREATE INDEX "fact_what" ON "fact" ("what");

CREATE TABLE "feed" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "cursor" BIGINT NOT NULL
);

CREATE TABLE "figures_state" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "cursor" BIGINT NOT NULL,
    "entries_until" TIMESTAMPTZ
);

CREATE TABLE "fix" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "tag_id" BIGINT NOT NULL,
    "wearer_id" BIGINT,
    "fix_time" TIMESTAMPTZ NOT NULL,
    "said_time" TIMESTAMPTZ,
    "received_at" TIMESTAMPTZ NOT NULL,
    "decided_at" TIMESTAMPTZ,
    "lat" DOUBLE PRECISION NOT NULL,
    "lon" DOUBLE PRECISION NOT NULL,
    "accuracy_m" DOUBLE PRECISION,
    "speed_mps" DOUBLE PRECISION,
    "course_deg" DOUBLE PRECISION,
    "satellites" INTEGER,
    "hdop" DOUBLE PRECISION,
    "source" VARCHAR(255),
    "is_valid" BOOLEAN,
    "claim_share" DOUBLE PRECISION NOT NULL,
    "battery_pct" DOUBLE PRECISION,
    "extra" JSONB,
    "level" INTEGER,
    "certainty" VARCHAR(255),
    FOREIGN KEY ("tag_id") REFERENCES "tag" ("id"),
    FOREIGN KEY ("wearer_id") REFERENCES "wearer" ("id")
);
CREATE UNIQUE INDEX "fix_tag_id_fix_time_lat_lon" ON "fix" ("tag_id", "fix_time", "lat", "lon");
CREATE INDEX "fix_wearer_id_fix_time" ON "fix" ("wearer_id", "fix_time");
CREATE INDEX "fix_said" ON "fix" ("tag_id", "said_time") WHERE said_time IS NOT NULL;

CREATE TABLE "heartbeat" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "name" VARCHAR(255) NOT NULL,
    "kind" VARCHAR(255) NOT NULL,
    "at" TIMESTAMPTZ NOT NULL
);
CREATE UNIQUE INDEX "heartbeat_name" ON "heartbeat" ("name");
CREATE INDEX "heartbeat_kind" ON "heartbeat" ("kind");

CREATE TABLE "help_call" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "victim_id" BIGINT NOT NULL,
    "alert_id" BIGINT,
    "how" VARCHAR(255) NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "due_at" TIMESTAMPTZ,
    "rang" BOOLEAN NOT NULL,
    FOREIGN KEY ("victim_id") REFERENCES "victim" ("id"),
    FOREIGN KEY ("alert_id") REFERENCES "alert" ("id")
);
CREATE INDEX "help_call_victim_id" ON "help_call" ("victim_id");
CREATE INDEX "help_call_alert_id" ON "help_call" ("alert_id");
CREATE INDEX "help_call_due_at" ON "help_call" ("due_at");

CREATE TABLE "location_consent" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "victim_id" BIGINT NOT NULL,
    "given_at" TIMESTAMPTZ NOT NULL,
    "recorded_by_id" BIGINT NOT NULL,
    "withdrawn_at" TIMESTAMPTZ,
    "withdrawn_by" VARCHAR(255),
    "paused_at" TIMESTAMPTZ,
    FOREIGN KEY ("victim_id") REFERENCES "victim" ("id"),
    FOREIGN KEY ("recorded_by_id") REFERENCES "person" ("id")
);
CREATE INDEX "location_consent_victim_id" ON "location_consent" ("victim_id");
CREATE INDEX "location_consent_recorded_by_id" ON "location_consent" ("recorded_by_id");

CREATE TABLE "named_place" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "name" VARCHAR(255) NOT NULL,
    "folded" VARCHAR(255) NOT NULL,
    "kind" VARCHAR(255) NOT NULL,
    "around" VARCHAR(255) NOT NULL,
    "is_landmark" BOOLEAN NOT NULL,
    "lat" DOUBLE PRECISION NOT NULL,
    "lon" DOUBLE PRECISION NOT NULL
);
CREATE INDEX named_place_folded ON named_place (folded text_pattern_ops);
CREATE UNIQUE INDEX "named_place_once" ON "named_place" ("folded", "kind", "lat", "lon");
CREATE INDEX "named_place_landmark" ON "named_place" ("lat", "lon") WHERE is_landmark;

CREATE TABLE "outage" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "what" VARCHAR(255) NOT NULL,
    "from_at" TIMESTAMPTZ NOT NULL,
    "to_at" TIMESTAMPTZ NOT NULL,
    "found_at" TIMESTAMPTZ NOT NULL,
    "settled_at" TIMESTAMPTZ,
    "wearer_ids" JSONB NOT NULL,
    "alert_ids" JSONB NOT NULL
);
CREATE UNIQUE INDEX "outage_what_from_at" ON "outage" ("what", "from_at");

CREATE TABLE "own_page" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "victim_id" BIGINT NOT NULL,
    "asked_how" TEXT NOT NULL,
    "invited_by_id" BIGINT NOT NULL,
    "invited_at" TIMESTAMPTZ NOT NULL,
    "link_digest" VARCHAR(255) NOT NULL,
    "code_digest" VARCHAR(255) NOT NULL,
    "code_tries" INTEGER NOT NULL,
    "expires_at" TIMESTAMPTZ NOT NULL,
    "link_text" VARCHAR(255),
    "link_due_at" TIMESTAMPTZ,
    "link_sent_at" TIMESTAMPTZ,
    "link_failed_because" VARCHAR(255),
    "accepted_at" TIMESTAMPTZ,
    "phone_digest" VARCHAR(255),
    "pin_hash" VARCHAR(255),
    "duress_hash" VARCHAR(255),
    "look" VARCHAR(255) NOT NULL,
    "help_label" VARCHAR(255) NOT NULL,
    "status_words" VARCHAR(255) NOT NULL,
    "language" VARCHAR(255) NOT NULL,
    "wrong_tries" INTEGER NOT NULL,
    "locked_until" TIMESTAMPTZ,
    "ended_at" TIMESTAMPTZ,
    "ended_by" VARCHAR(255),
    FOREIGN KEY ("victim_id") REFERENCES "victim" ("id"),
    FOREIGN KEY ("invited_by_id") REFERENCES "person" ("id")
);
CREATE INDEX "own_page_victim_id" ON "own_page" ("victim_id");
CREATE INDEX "own_page_invited_by_id" ON "own_page" ("invited_by_id");
CREATE UNIQUE INDEX "own_page_link_digest" ON "own_page" ("link_digest");
CREATE INDEX "own_page_link_due_at" ON "own_page" ("link_due_at");
CREATE UNIQUE INDEX "own_page_phone_digest" ON "own_page" ("phone_digest");
CREATE UNIQUE INDEX "own_page_in_use" ON "own_page" ("victim_id") WHERE accepted_at IS NOT NULL AND ended_at IS NULL;

CREATE TABLE "own_session" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "page_id" BIGINT NOT NULL,
    "token_digest" VARCHAR(255) NOT NULL,
    "is_decoy" BOOLEAN NOT NULL,
    "began_at" TIMESTAMPTZ NOT NULL,
    "seen_at" TIMESTAMPTZ NOT NULL,
    "ended_at" TIMESTAMPTZ,
    FOREIGN KEY ("page_id") REFERENCES "own_page" ("id")
);
CREATE INDEX "own_session_page_id" ON "own_session" ("page_id");
CREATE UNIQUE INDEX "own_session_token_digest" ON "own_session" ("token_digest");

CREATE TABLE "own_subscription" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "page_id" BIGINT NOT NULL,
    "token" TEXT NOT NULL,
    "keys" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ NOT NULL,
    "ended_at" TIMESTAMPTZ,
    "ended_because" VARCHAR(255),
    FOREIGN KEY ("page_id") REFERENCES "own_page" ("id")
);
CREATE INDEX "own_subscription_page_id" ON "own_subscription" ("page_id");
CREATE UNIQUE INDEX "own_subscription_live" ON "own_subscription" ("token") WHERE ended_at IS NULL;

CREATE TABLE "password_link" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "person_id" BIGINT NOT NULL,
    "digest" VARCHAR(255) NOT NULL,
    "is_first" BOOLEAN NOT NULL,
    "made_at" TIMESTAMPTZ NOT NULL,
    "made_by_id" BIGINT,
    "expires_at" TIMESTAMPTZ NOT NULL,
    "used_at" TIMESTAMPTZ,
    "voided_at" TIMESTAMPTZ,
    FOREIGN KEY ("person_id") REFERENCES "person" ("id"),
    FOREIGN KEY ("made_by_id") REFERENCES "person" ("id")
);
CREATE INDEX "password_link_person_id" ON "password_link" ("person_id");
CREATE UNIQUE INDEX "password_link_digest" ON "password_link" ("digest");
CREATE INDEX "password_link_made_by_id" ON "password_link" ("made_by_id");

CREATE TABLE "pending_reevaluation" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "wearer_id" BIGINT NOT NULL,
    "since" TIMESTAMPTZ NOT NULL,
    "mark" VARCHAR(255) NOT NULL,
    "requested_at" TIMESTAMPTZ NOT NULL,
    FOREIGN KEY ("wearer_id") REFERENCES "wearer" ("id")
);
CREATE UNIQUE INDEX "pending_reevaluation_wearer_id" ON "pending_reevaluation" ("wearer_id");
CREATE INDEX "pending_reevaluation_requested_at" ON "pending_reevaluation" ("requested_at");

CREATE TABLE "place_request" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "victim_id" BIGINT NOT NULL,
    "kind" VARCHAR(255) NOT NULL,
    "words" TEXT NOT NULL,
    "from_day" VARCHAR(255),
    "until_day" VARCHAR(255),
    "asked_at" TIMESTAMPTZ NOT NULL,
    "answered_at" TIMESTAMPTZ,
    "answered_by_id" BIGINT,
    "is_agreed" BOOLEAN,
    "answer" TEXT,
    "zone_id" BIGINT,
    FOREIGN KEY ("victim_id") REFERENCES "victim" ("id"),
    FOREIGN KEY ("answered_by_id") REFERENCES "person" ("id"),
    FOREIGN KEY ("zone_id") REFERENCES "place_zone" ("id")
);
CREATE INDEX "place_request_victim_id" ON "place_request" ("victim_id");
CREATE INDEX "place_request_answered_by_id" ON "place_request" ("answered_by_id");
CREATE INDEX "place_request_zone_id" ON "place_request" ("zone_id");

CREATE TABLE "place_state" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "wearer_id" BIGINT NOT NULL,
    "zone_id" BIGINT NOT NULL,
    "tag_id" BIGINT NOT NULL,
    "level" INTEGER NOT NULL,
    "certainty" VARCHAR(255) NOT NULL,
    "fix_time" TIMESTAMPTZ NOT NULL,
    "next_change_at" TIMESTAMPTZ,
    "state" TEXT NOT NULL,
    FOREIGN KEY ("wearer_id") REFERENCES "wearer" ("id"),
    FOREIGN KEY ("zone_id") REFERENCES "place_zone" ("id"),
    FOREIGN KEY ("tag_id") REFERENCES "tag" ("id")
);
CREATE INDEX "place_state_wearer_id" ON "place_state" ("wearer_id");
CREATE INDEX "place_state_zone_id" ON "place_state" ("zone_id");
CREATE INDEX "place_state_tag_id" ON "place_state" ("tag_id");
CREATE INDEX "place_state_next_change_at" ON "place_state" ("next_change_at");
CREATE UNIQUE INDEX "place_state_wearer_id_zone_id" ON "place_state" ("wearer_id", "zone_id");

CREATE TABLE "police_code" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "alert_id" BIGINT NOT NULL,
    "digest" VARCHAR(255) NOT NULL,
    "made_at" TIMESTAMPTZ NOT NULL,
    "made_by_id" BIGINT NOT NULL,
    "until_at" TIMESTAMPTZ NOT NULL,
    "ended_at" TIMESTAMPTZ,
    "opened_at" TIMESTAMPTZ,
    "device_digest" VARCHAR(255),
    FOREIGN KEY ("alert_id") REFERENCES "alert" ("id"),
    FOREIGN KEY ("made_by_id") REFERENCES "person" ("id")
);
CREATE INDEX "police_code_alert_id" ON "police_code" ("alert_id");
CREATE UNIQUE INDEX "police_code_digest" ON "police_code" ("digest");
CREATE INDEX "police_code_made_by_id" ON "police_code" ("made_by_id");

CREATE TABLE "police_handover" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "alert_id" BIGINT NOT NULL,
    "force" VARCHAR(255) NOT NULL,
    "reference" VARCHAR(255) NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "recorded_at" TIMESTAMPTZ NOT NULL,
    "recorded_by_id" BIGINT NOT NULL,
    FOREIGN KEY ("alert_id") REFERENCES "alert" ("id"),
    FOREIGN KEY ("recorded_by_id") REFERENCES "person" ("id")
);
CREATE INDEX "police_handover_alert_id" ON "police_handover" ("alert_id");
CREATE INDEX "police_handover_recorded_by_id" ON "police_handover" ("recorded_by_id");

CREATE TABLE "police_room" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "team_id" BIGINT NOT NULL,
    "name" VARCHAR(255) NOT NULL,
    "number" VARCHAR(255) NOT NULL,
    "set_by_id" BIGINT NOT NULL,
    "set_at" TIMESTAMPTZ NOT NULL,
    FOREIGN KEY ("team_id") REFERENCES "team" ("id"),
    FOREIGN KEY ("set_by_id") REFERENCES "person" ("id")
);
CREATE INDEX "police_room_team_id" ON "police_room" ("team_id");
CREATE INDEX "police_room_set_by_id" ON "police_room" ("set_by_id");

CREATE TABLE "provider_event" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "provider" VARCHAR(255) NOT NULL,
    "token" VARCHAR(255) NOT NULL,
    "kind" VARCHAR(255) NOT NULL,
    "body" JSONB NOT NULL,
    "received_at" TIMESTAMPTZ NOT NULL,
    "made_of_it" VARCHAR(255)
);
CREATE UNIQUE INDEX "provider_event_token" ON "provider_event" ("token");
CREATE INDEX "provider_event_received_at" ON "provider_event" ("received_at");

CREATE TABLE "quarantined_fix" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "tag_id" BIGINT NOT NULL,
    "webhook_id" VARCHAR(255) NOT NULL,
    "position" INTEGER,
    "code" VARCHAR(255) NOT NULL,
    "detail" TEXT NOT NULL,
    "body" TEXT NOT NULL,
    "received_at" TIMESTAMPTZ NOT NULL,
    FOREIGN KEY ("tag_id") REFERENCES "tag" ("id")
);
CREATE INDEX "quarantined_fix_tag_id" ON "quarantined_fix" ("tag_id");

CREATE TABLE "receipt" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "alert_id" BIGINT NOT NULL,
    "person_id" BIGINT NOT NULL,
    "kind" VARCHAR(255) NOT NULL,
    "channel" VARCHAR(255) NOT NULL,
    "episode" INTEGER NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    FOREIGN KEY ("alert_id") REFERENCES "alert" ("id"),
    FOREIGN KEY ("person_id") REFERENCES "person" ("id")
);
CREATE INDEX "receipt_alert_id" ON "receipt" ("alert_id");
CREATE INDEX "receipt_person_id" ON "receipt" ("person_id");
CREATE UNIQUE INDEX "receipt_alert_id_person_id_kind_channel_episode" ON "receipt" ("alert_id", "person_id", "kind", "channel", "episode");

CREATE TABLE "reported_item" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "wearer_id" BIGINT NOT NULL,
    "item" VARCHAR(255) NOT NULL,
    "detail" VARCHAR(255) NOT NULL,
    "told_at" TIMESTAMPTZ NOT NULL,
    "alert_id" BIGINT NOT NULL,
    FOREIGN KEY ("wearer_id") REFERENCES "wearer" ("id"),
    FOREIGN KEY ("alert_id") REFERENCES "alert" ("id")
);
CREATE INDEX "reported_item_wearer_id" ON "reported_item" ("wearer_id");
CREATE INDEX "reported_item_alert_id" ON "reported_item" ("alert_id");
CREATE UNIQUE INDEX "reported_item_wearer_id_item_detail" ON "reported_item" ("wearer_id", "item", "detail");

CREATE TABLE "route_down" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "person_id" BIGINT NOT NULL,
    "channel" VARCHAR(255) NOT NULL,
    "because" VARCHAR(255) NOT NULL,
    "down_at" TIMESTAMPTZ NOT NULL,
    "up_at" TIMESTAMPTZ,
    FOREIGN KEY ("person_id") REFERENCES "person" ("id")
);
CREATE INDEX "route_down_person_id" ON "route_down" ("person_id");

CREATE TABLE "safe_call" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "victim_id" BIGINT NOT NULL,
    "number" VARCHAR(255) NOT NULL,
    "note" TEXT NOT NULL,
    "given_at" TIMESTAMPTZ NOT NULL,
    "recorded_by_id" BIGINT NOT NULL,
    "withdrawn_at" TIMESTAMPTZ,
    "withdrawn_by" VARCHAR(255),
    FOREIGN KEY ("victim_id") REFERENCES "victim" ("id"),
    FOREIGN KEY ("recorded_by_id") REFERENCES "person" ("id")
);
CREATE INDEX "safe_call_victim_id" ON "safe_call" ("victim_id");
CREATE INDEX "safe_call_recorded_by_id" ON "safe_call" ("recorded_by_id");

CREATE TABLE "shift" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "team_id" BIGINT NOT NULL,
    "person_id" BIGINT NOT NULL,
    "from_at" TIMESTAMPTZ NOT NULL,
    "to_at" TIMESTAMPTZ NOT NULL,
    "entered_by_id" BIGINT,
    "created_at" TIMESTAMPTZ NOT NULL,
    "phones_checked_at" TIMESTAMPTZ,
    FOREIGN KEY ("team_id") REFERENCES "team" ("id"),
    FOREIGN KEY ("person_id") REFERENCES "person" ("id"),
    FOREIGN KEY ("entered_by_id") REFERENCES "person" ("id")
);
CREATE INDEX "shift_team_id" ON "shift" ("team_id");
CREATE INDEX "shift_person_id" ON "shift" ("person_id");
CREATE INDEX "shift_entered_by_id" ON "shift" ("entered_by_id");
CREATE INDEX "shift_team_id_from_at" ON "shift" ("team_id", "from_at");

CREATE TABLE "signed_request" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "tag_id" BIGINT NOT NULL,
    "received_at" TIMESTAMPTZ NOT NULL,
    "signed" TEXT,
    "salt" VARCHAR(255),
    "digest" VARCHAR(255) NOT NULL,
    "chain" VARCHAR(255) NOT NULL,
    FOREIGN KEY ("tag_id") REFERENCES "tag" ("id")
);
CREATE INDEX "signed_request_tag_id_id" ON "signed_request" ("tag_id", "id");
CREATE INDEX "signed_request_kept" ON "signed_request" ("received_at") WHERE signed IS NOT NULL;

CREATE TABLE "socket" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "person_id" BIGINT NOT NULL,
    "session_id" BIGINT NOT NULL,
    "sid" VARCHAR(255) NOT NULL,
    "seen_at" TIMESTAMPTZ NOT NULL,
    FOREIGN KEY ("person_id") REFERENCES "person" ("id"),
    FOREIGN KEY ("session_id") REFERENCES "session" ("id")
);
CREATE INDEX "socket_person_id" ON "socket" ("person_id");
CREATE INDEX "socket_session_id" ON "socket" ("session_id");
CREATE UNIQUE INDEX "socket_sid" ON "socket" ("sid");

CREATE TABLE "tag_contact" (
    "tag_id" BIGINT NOT NULL PRIMARY KEY,
    "contact_at" TIMESTAMPTZ NOT NULL,
    "located_at" TIMESTAMPTZ,
    "silent_at" TIMESTAMPTZ,
    "is_grave" BOOLEAN NOT NULL,
    "battery_pct" DOUBLE PRECISION,
    "battery_at" TIMESTAMPTZ,
    "battery_from_pct" DOUBLE PRECISION,
    "battery_from_at" TIMESTAMPTZ,
    "is_at_rest" BOOLEAN NOT NULL,
    "is_resting" BOOLEAN NOT NULL,
    FOREIGN KEY ("tag_id") REFERENCES "tag" ("id")
);
CREATE INDEX "tag_contact_contact_at" ON "tag_contact" ("contact_at");
CREATE INDEX "tag_contact_silent_at" ON "tag_contact" ("silent_at");

CREATE TABLE "tag_event" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "tag_id" BIGINT NOT NULL,
    "kind" VARCHAR(255) NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    "received_at" TIMESTAMPTZ NOT NULL,
    "detail" JSONB,
    FOREIGN KEY ("tag_id") REFERENCES "tag" ("id")
);
CREATE INDEX "tag_event_tag_id" ON "tag_event" ("tag_id");

CREATE TABLE "tag_request" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "tag_id" BIGINT NOT NULL,
    "webhook_id" VARCHAR(255) NOT NULL,
    "body_digest" VARCHAR(255) NOT NULL,
    "received_at" TIMESTAMPTZ NOT NULL,
    "answer" JSONB NOT NULL,
    FOREIGN KEY ("tag_id") REFERENCES "tag" ("id")
);
CREATE INDEX "tag_request_tag_id" ON "tag_request" ("tag_id");
CREATE UNIQUE INDEX "tag_request_tag_id_webhook_id_body_digest" ON "tag_request" ("tag_id", "webhook_id", "body_digest");

CREATE TABLE "unwatched_told" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "victim_id" BIGINT NOT NULL,
    "alert_id" BIGINT NOT NULL,
    "since_at" TIMESTAMPTZ NOT NULL,
    "at" TIMESTAMPTZ NOT NULL,
    FOREIGN KEY ("victim_id") REFERENCES "victim" ("id"),
    FOREIGN KEY ("alert_id") REFERENCES "alert" ("id")
);
CREATE UNIQUE INDEX "unwatched_told_victim_id" ON "unwatched_told" ("victim_id");
CREATE INDEX "unwatched_told_alert_id" ON "unwatched_told" ("alert_id");

CREATE TABLE "verification" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "person_id" BIGINT,
    "victim_id" BIGINT,
    "number" VARCHAR(255) NOT NULL,
    "channel" VARCHAR(255) NOT NULL,
    "salt" VARCHAR(255),
    "asked_at" TIMESTAMPTZ NOT NULL,
    "asked_by_id" BIGINT,
    "tries" INTEGER NOT NULL,
    "due_at" TIMESTAMPTZ,
    "attempts" INTEGER NOT NULL,
    "lease_token" VARCHAR(255),
    "lease_until" TIMESTAMPTZ,
    "sent_at" TIMESTAMPTZ,
    "failed_because" VARCHAR(255),
    "proved_at" TIMESTAMPTZ,
    "how" VARCHAR(255),
    "voided_at" TIMESTAMPTZ,
    "voided_because" VARCHAR(255),
    FOREIGN KEY ("person_id") REFERENCES "person" ("id"),
    FOREIGN KEY ("victim_id") REFERENCES "victim" ("id"),
    FOREIGN KEY ("asked_by_id") REFERENCES "person" ("id")
);
CREATE INDEX "verification_person_id" ON "verification" ("person_id");
CREATE INDEX "verification_victim_id" ON "verification" ("victim_id");
CREATE INDEX "verification_number" ON "verification" ("number");
CREATE INDEX "verification_asked_by_id" ON "verification" ("asked_by_id");
CREATE INDEX "verification_due_at" ON "verification" ("due_at");

CREATE TABLE "victim_phone" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "consent_id" BIGINT NOT NULL,
    "code_hash" VARCHAR(255) NOT NULL,
    "code_expires_at" TIMESTAMPTZ NOT NULL,
    "token_hash" VARCHAR(255),
    "paired_at" TIMESTAMPTZ,
    "created_at" TIMESTAMPTZ NOT NULL,
    "moved_at" TIMESTAMPTZ,
    "kind" VARCHAR(255) NOT NULL,
    "heard_at" TIMESTAMPTZ,
    "battery_pct" DOUBLE PRECISION,
    FOREIGN KEY ("consent_id") REFERENCES "location_consent" ("id")
);
CREATE INDEX "victim_phone_consent_id" ON "victim_phone" ("consent_id");
CREATE UNIQUE INDEX "victim_phone_code_hash" ON "victim_phone" ("code_hash");
CREATE UNIQUE INDEX "victim_phone_token_hash" ON "victim_phone" ("token_hash");

CREATE TABLE "victim_position" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "victim_id" BIGINT NOT NULL,
    "fix_time" TIMESTAMPTZ NOT NULL,
    "received_at" TIMESTAMPTZ NOT NULL,
    "lat" DOUBLE PRECISION NOT NULL,
    "lon" DOUBLE PRECISION NOT NULL,
    "accuracy_m" DOUBLE PRECISION,
    "speed_mps" DOUBLE PRECISION,
    FOREIGN KEY ("victim_id") REFERENCES "victim" ("id")
);
CREATE INDEX "victim_position_victim_id" ON "victim_position" ("victim_id");
CREATE UNIQUE INDEX "victim_position_victim_id_fix_time" ON "victim_position" ("victim_id", "fix_time");

CREATE TABLE "wearer_number" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "wearer_id" BIGINT NOT NULL,
    "number" VARCHAR(255) NOT NULL,
    "recorded_by_id" BIGINT NOT NULL,
    "recorded_at" TIMESTAMPTZ NOT NULL,
    "confirmed_by_id" BIGINT,
    "confirmed_at" TIMESTAMPTZ,
    "ended_by_id" BIGINT,
    "ended_at" TIMESTAMPTZ,
    FOREIGN KEY ("wearer_id") REFERENCES "wearer" ("id"),
    FOREIGN KEY ("recorded_by_id") REFERENCES "person" ("id"),
    FOREIGN KEY ("confirmed_by_id") REFERENCES "person" ("id"),
    FOREIGN KEY ("ended_by_id") REFERENCES "person" ("id")
);
CREATE INDEX "wearer_number_wearer_id" ON "wearer_number" ("wearer_id");
CREATE INDEX "wearer_number_number" ON "wearer_number" ("number");
CREATE INDEX "wearer_number_recorded_by_id" ON "wearer_number" ("recorded_by_id");
CREATE INDEX "wearer_number_confirmed_by_id" ON "wearer_number" ("confirmed_by_id");
CREATE INDEX "wearer_number_ended_by_id" ON "wearer_number" ("ended_by_id");

CREATE TABLE "write_probe" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "times" BIGINT NOT NULL
);

CREATE TABLE "zone_version" (
    "id" BIGSERIAL NOT NULL PRIMARY KEY,
    "zone_id" BIGINT NOT NULL,
    "line" BIGINT NOT NULL,
    "order_id" BIGINT,
    "condition_id" BIGINT,
    "is_removed" BOOLEAN NOT NULL,
    "is_provisional" BOOLEAN NOT NULL,
    "why" TEXT NOT NULL,
    "document" VARCHAR(255) NOT NULL,
    "corrects_id" BIGINT,
    "recorded_at" TIMESTAMPTZ NOT NULL,
    "recorded_by_id" BIGINT,
    FOREIGN KEY ("zone_id") REFERENCES "place_zone" ("id"),
    FOREIGN KEY ("order_id") REFERENCES "order" ("id"),
    FOREIGN KEY ("condition_id") REFERENCES "condition" ("id"),
    FOREIGN KEY ("corrects_id") REFERENCES "place_zone" ("id"),
    FOREIGN KEY ("recorded_by_id") REFERENCES "person" ("id")
);
CREATE UNIQUE INDEX "zone_version_zone_id" ON "zone_version" ("zone_id");
CREATE INDEX "zone_version_line" ON "zone_version" ("line");
CREATE INDEX "zone_version_order_id" ON "zone_version" ("order_id");
CREATE INDEX "zone_version_condition_id" ON "zone_version" ("condition_id");
CREATE INDEX "zone_version_corrects_id" ON "zone_version" ("corrects_id");
CREATE INDEX "zone_version_recorded_by_id" ON "zone_version" ("recorded_by_id");

-- The record is only added to: whatever is wrong in it is replaced by another fact.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN RAISE EXCEPTION 'the record is only added to' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER fact_is_kept
    BEFORE UPDATE OR DELETE ON fact
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER facts_are_kept
    BEFORE TRUNCATE ON fact
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- The row of an activation says what its newest fact says, at every commit: no reader can have another end.
CREATE FUNCTION activation_as_recorded() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE number bigint;
    said text;
    held timestamptz;
BEGIN
    IF TG_TABLE_NAME = 'fact' THEN number := NEW.of_activation_id;
    ELSE number := NEW.id;
    END IF;
    SELECT value ->> 'to_at' INTO said FROM fact WHERE of_activation_id = number AND NOT EXISTS (SELECT FROM fact newer WHERE newer.replaces_id = fact.id) ORDER BY id DESC LIMIT 1;
    IF FOUND THEN SELECT to_at INTO held FROM activation WHERE id = number;
    IF held IS DISTINCT FROM said::timestamptz THEN RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'activation ' || number || ' ends at ' || coalesce(held::text, 'no instant') || ', and was recorded to end at ' || coalesce(said, 'no instant');
    END IF;
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER activation_is_as_recorded
    AFTER INSERT OR UPDATE OF to_at ON activation
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION activation_as_recorded();
CREATE CONSTRAINT TRIGGER fact_of_activation_is_kept
    AFTER INSERT ON fact
    DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.of_activation_id IS NOT NULL) EXECUTE FUNCTION activation_as_recorded();

-- A tag is on one ankle at a time. Only at the commit: a correction fits the right one before the wrong one is gone.
ALTER TABLE activation ADD CONSTRAINT activation_of_one_wearer
    EXCLUDE USING gist (int8range(tag_id, tag_id, '[]') WITH &&, tstzrange(from_at, to_at) WITH &&)
    WHERE (NOT is_in_error)
    DEFERRABLE INITIALLY DEFERRED;

-- And a wearer has one tag on, but for what a person confirmed while two that were mixed up are put right.
ALTER TABLE activation ADD CONSTRAINT activation_of_one_tag
    EXCLUDE USING gist (int8range(wearer_id, wearer_id, '[]') WITH &&, tstzrange(from_at, to_at) WITH &&)
    WHERE (NOT is_in_error AND NOT is_beside)
    DEFERRABLE INITIALLY DEFERRED;

-- No one is on duty twice in one team: which of two shifts ends, or is handed over, would be a guess.
ALTER TABLE shift ADD CONSTRAINT shift_of_one_person
    EXCLUDE USING gist (int8range(team_id, team_id, '[]') WITH &&, int8range(person_id, person_id, '[]') WITH &&, tstzrange(from_at, to_at) WITH &&)
    DEFERRABLE INITIALLY DEFERRED;

-- Beyond these an instant cannot be read back, and fails every list that it is in, those of other cases too.
ALTER TABLE "team" ADD CHECK (answer_within_set_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "team" ADD CHECK (created_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "person" ADD CHECK (created_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "route_down" ADD CHECK (down_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "route_down" ADD CHECK (up_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "shift" ADD CHECK (from_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "shift" ADD CHECK (to_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "shift" ADD CHECK (created_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "shift" ADD CHECK (phones_checked_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "escalation_policy" ADD CHECK (from_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "police_room" ADD CHECK (set_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "session" ADD CHECK (refreshed_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "session" ADD CHECK (created_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "session" ADD CHECK (expires_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "session" ADD CHECK (ended_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "password_link" ADD CHECK (made_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "password_link" ADD CHECK (expires_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "password_link" ADD CHECK (used_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "password_link" ADD CHECK (voided_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "device" ADD CHECK (created_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "device" ADD CHECK (ended_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "socket" ADD CHECK (seen_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "victim" ADD CHECK (created_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "consent" ADD CHECK (given_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "consent" ADD CHECK (confirmed_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "consent" ADD CHECK (asked_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "consent" ADD CHECK (withdrawn_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "safe_call" ADD CHECK (given_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "safe_call" ADD CHECK (withdrawn_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "location_consent" ADD CHECK (given_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "location_consent" ADD CHECK (withdrawn_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "location_consent" ADD CHECK (paused_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "victim_phone" ADD CHECK (code_expires_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "victim_phone" ADD CHECK (paired_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "victim_phone" ADD CHECK (created_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "victim_phone" ADD CHECK (moved_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "victim_phone" ADD CHECK (heard_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "victim_position" ADD CHECK (fix_time BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "victim_position" ADD CHECK (received_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "own_page" ADD CHECK (invited_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "own_page" ADD CHECK (expires_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "own_page" ADD CHECK (link_due_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "own_page" ADD CHECK (link_sent_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "own_page" ADD CHECK (accepted_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "own_page" ADD CHECK (locked_until BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "own_page" ADD CHECK (ended_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "own_session" ADD CHECK (began_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "own_session" ADD CHECK (seen_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "own_session" ADD CHECK (ended_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "own_subscription" ADD CHECK (created_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "own_subscription" ADD CHECK (ended_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "wearer" ADD CHECK (created_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "wearer_number" ADD CHECK (recorded_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "wearer_number" ADD CHECK (confirmed_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "wearer_number" ADD CHECK (ended_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "verification" ADD CHECK (asked_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "verification" ADD CHECK (due_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "verification" ADD CHECK (lease_until BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "verification" ADD CHECK (sent_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "verification" ADD CHECK (proved_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "verification" ADD CHECK (voided_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "tag" ADD CHECK (created_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "activation" ADD CHECK (from_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "activation" ADD CHECK (to_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "place_zone" ADD CHECK (from_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "place_zone" ADD CHECK (to_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "tag_request" ADD CHECK (received_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "signed_request" ADD CHECK (received_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "fix" ADD CHECK (fix_time BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "fix" ADD CHECK (said_time BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "fix" ADD CHECK (received_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "fix" ADD CHECK (decided_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "quarantined_fix" ADD CHECK (received_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "tag_event" ADD CHECK (at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "tag_event" ADD CHECK (received_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "tag_contact" ADD CHECK (contact_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "tag_contact" ADD CHECK (located_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "tag_contact" ADD CHECK (silent_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "tag_contact" ADD CHECK (battery_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "tag_contact" ADD CHECK (battery_from_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "place_state" ADD CHECK (fix_time BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "place_state" ADD CHECK (next_change_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "escalation" ADD CHECK (started_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "escalation" ADD CHECK (next_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "escalation" ADD CHECK (reserved_until BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alert" ADD CHECK (over_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alert" ADD CHECK (over_before_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alert" ADD CHECK (worst_from BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alert" ADD CHECK (worst_until BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alert" ADD CHECK (possible_from BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alert" ADD CHECK (fix_time BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alert" ADD CHECK (received_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alert" ADD CHECK (decided_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alert" ADD CHECK (last_fix_time BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alert" ADD CHECK (breached_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alert" ADD CHECK (raised_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alert" ADD CHECK (hinted_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alert" ADD CHECK (acknowledged_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alert" ADD CHECK (fell_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alert" ADD CHECK (first_acknowledged_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alert" ADD CHECK (outcome_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "epoch" ADD CHECK (began_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "epoch" ADD CHECK (held_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "notification" ADD CHECK (due_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "notification" ADD CHECK (lease_until BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "notification" ADD CHECK (created_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "notification" ADD CHECK (sent_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "notification" ADD CHECK (delivered_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "notification" ADD CHECK (settled_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "attempt" ADD CHECK (started_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "attempt" ADD CHECK (finished_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "attempt" ADD CHECK (polled_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "receipt" ADD CHECK (at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "provider_event" ADD CHECK (received_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "audit_entry" ADD CHECK (at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "heartbeat" ADD CHECK (at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alarm" ADD CHECK (raised_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alarm" ADD CHECK (last_seen_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alarm" ADD CHECK (told_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alarm" ADD CHECK (ended_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alarm" ADD CHECK (end_told_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alarm" ADD CHECK (notifying_until BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "outage" ADD CHECK (from_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "outage" ADD CHECK (to_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "outage" ADD CHECK (found_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "outage" ADD CHECK (settled_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "canary_walk" ADD CHECK (started_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "canary_walk" ADD CHECK (until_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "canary_walk" ADD CHECK (taken_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "canary_walk" ADD CHECK (decided_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "canary_walk" ADD CHECK (enqueued_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "canary_walk" ADD CHECK (sent_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "canary_walk" ADD CHECK (delivered_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "canary_walk" ADD CHECK (ended_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "checked_caseload" ADD CHECK (checked_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "order" ADD CHECK (created_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "fact" ADD CHECK (lower(during) BETWEEN '0002-01-01' AND '9998-12-31' AND (upper_inf(during) OR upper(during) BETWEEN '0002-01-01' AND '9998-12-31'));
ALTER TABLE "fact" ADD CHECK (recorded_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "condition" ADD CHECK (from_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "condition" ADD CHECK (recorded_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "zone_version" ADD CHECK (recorded_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "activation_correction" ADD CHECK (recorded_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "case_due" ADD CHECK (due_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "case_due" ADD CHECK (done_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "pending_reevaluation" ADD CHECK (since BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "pending_reevaluation" ADD CHECK (requested_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "reported_item" ADD CHECK (told_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "emergency_opening" ADD CHECK (opened_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "emergency_opening" ADD CHECK (until_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "emergency_opening" ADD CHECK (reviewed_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "police_handover" ADD CHECK (at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "police_handover" ADD CHECK (recorded_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "help_call" ADD CHECK (at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "help_call" ADD CHECK (due_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "place_request" ADD CHECK (asked_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "place_request" ADD CHECK (answered_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "unwatched_told" ADD CHECK (since_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "unwatched_told" ADD CHECK (at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "police_code" ADD CHECK (made_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "police_code" ADD CHECK (until_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "police_code" ADD CHECK (ended_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "police_code" ADD CHECK (opened_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alert_note" ADD CHECK (at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alert_figures" ADD CHECK (raised_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "alert_figures" ADD CHECK (counted_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "call_figures" ADD CHECK (raised_at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "call_figures" ADD CHECK (at BETWEEN '0002-01-01' AND '9998-12-31');
ALTER TABLE "figures_state" ADD CHECK (entries_until BETWEEN '0002-01-01' AND '9998-12-31');
