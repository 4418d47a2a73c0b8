"""Initial schema"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0001"
down_revision: str | None = None
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "coached_runs",
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name=op.f("pk_coached_runs")),
    )
    with op.batch_alter_table("coached_runs", schema=None) as batch_op:
        batch_op.create_index("ix_coached_runs_at", ["at"], unique=False)

    op.create_table(
        "daily_activities",
        sa.Column("activity_id", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("activity", sa.String(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("talk", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("activity_id", name=op.f("pk_daily_activities")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "pain_entries",
        sa.Column("pain_key", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("moment", sa.String(), nullable=False),
        sa.Column("back", sa.Integer(), nullable=True),
        sa.Column("calf", sa.Integer(), nullable=True),
        sa.Column("run_id", sa.String(), nullable=True),
        sa.Column("session_id", sa.String(), nullable=True),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("pain_key", name=op.f("pk_pain_entries")),
        sqlite_with_rowid=True,
    )
    with op.batch_alter_table("pain_entries", schema=None) as batch_op:
        batch_op.create_index("ix_pain_entries_at", ["at"], unique=False)

    op.create_table(
        "phones",
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("phone_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("phone_id", name=op.f("pk_phones")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_phones_token_hash")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "push_phones",
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("p256dh", sa.String(), nullable=False),
        sa.Column("auth", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("endpoint", name=op.f("pk_push_phones")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "red_flag_answers",
        sa.Column("answers_key", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("signs", sa.Text(), nullable=False),
        sa.Column("seen_on", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("answers_key", name=op.f("pk_red_flag_answers")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "reminders",
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("told_by", sa.String(), nullable=True),
        sa.Column("told_at", sa.DateTime(), nullable=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("group", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("link", sa.String(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_reminders")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("reminders", schema=None) as batch_op:
        batch_op.create_index("ix_reminders_state", ["state", "due_at"], unique=False)

    op.create_table(
        "runner",
        sa.Column("runner_key", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("birth_year", sa.Integer(), nullable=True),
        sa.Column("height_m", sa.Float(), nullable=True),
        sa.Column("mass_kg", sa.Float(), nullable=True),
        sa.Column("leg_length_m", sa.Float(), nullable=True),
        sa.Column("sex", sa.String(), nullable=True),
        sa.Column("running_years", sa.Float(), nullable=True),
        sa.Column("weekly_km", sa.Float(), nullable=True),
        sa.Column("weekly_runs", sa.Integer(), nullable=True),
        sa.Column("has_back_pain", sa.Boolean(), nullable=True),
        sa.Column("has_calf_history", sa.Boolean(), nullable=True),
        sa.Column("goals", sa.Text(), nullable=False),
        sa.Column("focus_wish", sa.String(), nullable=True),
        sa.Column("wants_strike_training", sa.Boolean(), nullable=False),
        sa.Column("strike_training_since", sa.Date(), nullable=True),
        sa.Column("units", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("speaks_cues", sa.Boolean(), nullable=False),
        sa.Column("plays_tones", sa.Boolean(), nullable=False),
        sa.Column("vibrates", sa.Boolean(), nullable=False),
        sa.Column("shows_cue_text", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("runner_key", name=op.f("pk_runner")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "runs",
        sa.Column("run_key", sa.Integer(), nullable=False),
        sa.Column("deleted_at", sa.DateTime(), nullable=True),
        sa.Column("run_id", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=True),
        sa.Column("distance_m", sa.Float(), nullable=True),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("shoes", sa.String(), nullable=False),
        sa.Column("slope_pct", sa.Float(), nullable=True),
        sa.Column("notes", sa.String(), nullable=False),
        sa.Column("recording", sa.String(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("sensors", sa.Text(), nullable=False),
        sa.Column("laps", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=True),
        sa.Column("pauses", sa.Text(), nullable=False),
        sa.Column("trim_start_s", sa.Float(), nullable=True),
        sa.Column("trim_end_s", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("run_key", name=op.f("pk_runs")),
        sqlite_with_rowid=True,
    )
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.create_index("ix_runs_run_id", ["run_id"], unique=True)
        batch_op.create_index("ix_runs_started_at", ["started_at"], unique=False)

    op.create_table(
        "sensors",
        sa.Column("used_at", sa.DateTime(), nullable=False),
        sa.Column("sensor_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("profile_id", sa.String(), nullable=False),
        sa.Column("wear_site", sa.String(), nullable=True),
        sa.Column("cadence_unit", sa.String(), nullable=True),
        sa.Column("manufacturer", sa.String(), nullable=True),
        sa.Column("model", sa.String(), nullable=True),
        sa.Column("firmware", sa.String(), nullable=True),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sensor_id", name=op.f("pk_sensors")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "settings",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_settings")),
    )
    op.create_table(
        "shoes",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("retired_on", sa.Date(), nullable=True),
        sa.Column("start_m", sa.Float(), nullable=False),
        sa.Column("notes", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_shoes")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "strength_events",
        sa.Column("event_id", sa.String(), nullable=False),
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("slot", sa.String(), nullable=False),
        sa.Column("exercise_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("reps", sa.Integer(), nullable=True),
        sa.Column("hold_s", sa.Float(), nullable=True),
        sa.Column("load_kg", sa.Float(), nullable=True),
        sa.Column("rpe", sa.Float(), nullable=True),
        sa.Column("pain", sa.Integer(), nullable=True),
        sa.Column("of", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("event_id", name=op.f("pk_strength_events")),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("strength_events", schema=None) as batch_op:
        batch_op.create_index("ix_strength_events_session_id", ["session_id"], unique=False)

    op.create_table(
        "strength_plans",
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("plan_id", name=op.f("pk_strength_plans")),
    )
    op.create_table(
        "cue_decisions",
        sa.Column("run_key", sa.Integer(), nullable=False),
        sa.Column("cue_id", sa.String(), nullable=False),
        sa.Column("t_s", sa.Float(), nullable=False),
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("focus", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("is_spoken", sa.Boolean(), nullable=False),
        sa.Column("is_withheld", sa.Boolean(), nullable=False),
        sa.Column("say", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("threshold", sa.Float(), nullable=True),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("gates", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("suppressed_by", sa.String(), nullable=True),
        sa.Column("modality", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_key"], ["runs.run_key"], name=op.f("fk_cue_decisions_run_key_runs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_key", "cue_id", name=op.f("pk_cue_decisions")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "cue_responses",
        sa.Column("run_key", sa.Integer(), nullable=False),
        sa.Column("cue_id", sa.String(), nullable=False),
        sa.Column("rule_id", sa.String(), nullable=False),
        sa.Column("metric", sa.String(), nullable=False),
        sa.Column("before", sa.Float(), nullable=True),
        sa.Column("after", sa.Float(), nullable=True),
        sa.Column("change", sa.Float(), nullable=True),
        sa.Column("expected", sa.Float(), nullable=True),
        sa.Column("effect", sa.Float(), nullable=True),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.Column("n_withheld", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_key"], ["runs.run_key"], name=op.f("fk_cue_responses_run_key_runs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_key", "cue_id", name=op.f("pk_cue_responses")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "run_summaries",
        sa.Column("run_key", sa.Integer(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=False),
        sa.Column("moving_s", sa.Float(), nullable=False),
        sa.Column("distance_m", sa.Float(), nullable=True),
        sa.Column("n_strides", sa.Integer(), nullable=False),
        sa.Column("n_steps", sa.Integer(), nullable=False),
        sa.Column("n_gaps", sa.Integer(), nullable=False),
        sa.Column("n_missing", sa.Integer(), nullable=False),
        sa.Column("n_clipped", sa.Integer(), nullable=False),
        sa.Column("n_cues", sa.Integer(), nullable=False),
        sa.Column("cadence_spm", sa.Float(), nullable=True),
        sa.Column("contact_time_ms", sa.Float(), nullable=True),
        sa.Column("flight_time_ms", sa.Float(), nullable=True),
        sa.Column("duty_factor", sa.Float(), nullable=True),
        sa.Column("step_length_m", sa.Float(), nullable=True),
        sa.Column("stride_length_m", sa.Float(), nullable=True),
        sa.Column("speed_mps", sa.Float(), nullable=True),
        sa.Column("foot_strike_angle_deg", sa.Float(), nullable=True),
        sa.Column("foot_strike", sa.String(), nullable=True),
        sa.Column("foot_strike_share", sa.Text(), nullable=True),
        sa.Column("eversion_deg", sa.Float(), nullable=True),
        sa.Column("impact_g", sa.Float(), nullable=True),
        sa.Column("n_impacts", sa.Integer(), nullable=True),
        sa.Column("impacts_per_km", sa.Float(), nullable=True),
        sa.Column("contact_time_balance_pct", sa.Float(), nullable=True),
        sa.Column("step_time_asymmetry_pct", sa.Float(), nullable=True),
        sa.Column("stride_time_cv_pct", sa.Float(), nullable=True),
        sa.Column("vertical_oscillation_mm", sa.Float(), nullable=True),
        sa.Column("vertical_ratio_pct", sa.Float(), nullable=True),
        sa.Column("trunk_lean_deg", sa.Float(), nullable=True),
        sa.Column("axial_rotation_deg", sa.Float(), nullable=True),
        sa.Column("lateral_drop_deg", sa.Float(), nullable=True),
        sa.Column("heart_rate_bpm", sa.Float(), nullable=True),
        sa.Column("heart_rate_max_bpm", sa.Float(), nullable=True),
        sa.Column("drift_pct", sa.Text(), nullable=False),
        sa.Column("uncertainty", sa.Text(), nullable=False),
        sa.Column("findings", sa.Text(), nullable=False),
        sa.Column("streams", sa.Text(), nullable=False),
        sa.Column("by_speed", sa.Text(), nullable=False),
        sa.Column("best_s", sa.Text(), nullable=False),
        sa.Column("splits", sa.Text(), nullable=False),
        sa.Column("mile_splits", sa.Text(), nullable=False),
        sa.Column("lap_splits", sa.Text(), nullable=False),
        sa.Column("average_strides", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_key"], ["runs.run_key"], name=op.f("fk_run_summaries_run_key_runs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_key", name=op.f("pk_run_summaries")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "seconds",
        sa.Column("run_key", sa.Integer(), nullable=False),
        sa.Column("t_s", sa.Float(), nullable=False),
        sa.Column("state", sa.String(), nullable=True),
        sa.Column("is_steady", sa.Boolean(), nullable=False),
        sa.Column("cadence_spm", sa.Float(), nullable=True),
        sa.Column("contact_time_ms", sa.Float(), nullable=True),
        sa.Column("flight_time_ms", sa.Float(), nullable=True),
        sa.Column("duty_factor", sa.Float(), nullable=True),
        sa.Column("step_time_ms", sa.Float(), nullable=True),
        sa.Column("step_length_m", sa.Float(), nullable=True),
        sa.Column("stride_length_m", sa.Float(), nullable=True),
        sa.Column("speed_mps", sa.Float(), nullable=True),
        sa.Column("speed_source", sa.String(), nullable=True),
        sa.Column("distance_m", sa.Float(), nullable=True),
        sa.Column("impacts_per_km", sa.Float(), nullable=True),
        sa.Column("foot_strike_angle_deg", sa.Float(), nullable=True),
        sa.Column("foot_strike_share", sa.Text(), nullable=True),
        sa.Column("eversion_deg", sa.Float(), nullable=True),
        sa.Column("eversion_peak_degps", sa.Float(), nullable=True),
        sa.Column("impact_g", sa.Float(), nullable=True),
        sa.Column("foot_clearance_m", sa.Float(), nullable=True),
        sa.Column("contact_time_balance_pct", sa.Float(), nullable=True),
        sa.Column("step_time_asymmetry_pct", sa.Float(), nullable=True),
        sa.Column("stride_time_cv_pct", sa.Float(), nullable=True),
        sa.Column("vertical_oscillation_mm", sa.Float(), nullable=True),
        sa.Column("vertical_ratio_pct", sa.Float(), nullable=True),
        sa.Column("trunk_lean_deg", sa.Float(), nullable=True),
        sa.Column("axial_rotation_deg", sa.Float(), nullable=True),
        sa.Column("lateral_drop_deg", sa.Float(), nullable=True),
        sa.Column("pelvis_trunk_crp_deg", sa.Float(), nullable=True),
        sa.Column("pelvis_trunk_crp_sd_deg", sa.Float(), nullable=True),
        sa.Column("pelvis_trunk_coupling_deg", sa.Float(), nullable=True),
        sa.Column("pelvis_trunk_coupling_sd_deg", sa.Float(), nullable=True),
        sa.Column("grade_pct", sa.Float(), nullable=True),
        sa.Column("heart_rate_bpm", sa.Float(), nullable=True),
        sa.Column("step_length_vs_baseline_pct", sa.Float(), nullable=True),
        sa.Column("cadence_vs_baseline_pct", sa.Float(), nullable=True),
        sa.Column("contact_time_vs_baseline_pct", sa.Float(), nullable=True),
        sa.Column("impact_vs_baseline_pct", sa.Float(), nullable=True),
        sa.Column("foot_strike_angle_vs_baseline_deg", sa.Float(), nullable=True),
        sa.Column("asymmetry_vs_baseline_pct", sa.Float(), nullable=True),
        sa.Column("axial_rotation_vs_baseline_pct", sa.Float(), nullable=True),
        sa.Column("distance_vs_longest_pct", sa.Float(), nullable=True),
        sa.Column("pain_rise", sa.Float(), nullable=True),
        sa.Column("uncertainty", sa.Text(), nullable=False),
        sa.Column("unknown", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_key"], ["runs.run_key"], name=op.f("fk_seconds_run_key_runs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_key", "t_s", name=op.f("pk_seconds")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "strength_pauses",
        sa.Column("pause_key", sa.Integer(), nullable=False),
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("start", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["strength_plans.plan_id"],
            name=op.f("fk_strength_pauses_plan_id_strength_plans"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("pause_key", name=op.f("pk_strength_pauses")),
        sqlite_with_rowid=True,
    )
    op.create_table(
        "strength_sessions",
        sa.Column("session_id", sa.String(), nullable=False),
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("week", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(), nullable=True),
        sa.Column("slot_day", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("is_moved", sa.Boolean(), nullable=False),
        sa.Column("skip_reason", sa.String(), nullable=False),
        sa.Column("exercises", sa.Text(), nullable=False),
        sa.Column("pain_level", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["strength_plans.plan_id"],
            name=op.f("fk_strength_sessions_plan_id_strength_plans"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("session_id", name=op.f("pk_strength_sessions")),
    )
    with op.batch_alter_table("strength_sessions", schema=None) as batch_op:
        batch_op.create_index("ix_strength_sessions_plan_id", ["plan_id"], unique=False)

    op.create_table(
        "strength_test_results",
        sa.Column("plan_id", sa.String(), nullable=False),
        sa.Column("result_id", sa.String(), nullable=False),
        sa.Column("test_id", sa.String(), nullable=False),
        sa.Column("milestone", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("value", sa.Float(), nullable=True),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plan_id"],
            ["strength_plans.plan_id"],
            name=op.f("fk_strength_test_results_plan_id_strength_plans"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("result_id", name=op.f("pk_strength_test_results")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "strides",
        sa.Column("run_key", sa.Integer(), nullable=False),
        sa.Column("wear_site", sa.String(), nullable=False),
        sa.Column("initial_contact_s", sa.Float(), nullable=False),
        sa.Column("toe_off_s", sa.Float(), nullable=True),
        sa.Column("mid_stance_s", sa.Float(), nullable=True),
        sa.Column("contact_time_s", sa.Float(), nullable=True),
        sa.Column("flight_time_s", sa.Float(), nullable=True),
        sa.Column("stride_time_s", sa.Float(), nullable=True),
        sa.Column("stride_length_m", sa.Float(), nullable=True),
        sa.Column("speed_mps", sa.Float(), nullable=True),
        sa.Column("foot_strike_angle_deg", sa.Float(), nullable=True),
        sa.Column("foot_strike", sa.String(), nullable=True),
        sa.Column("eversion_deg", sa.Float(), nullable=True),
        sa.Column("eversion_peak_degps", sa.Float(), nullable=True),
        sa.Column("impact_g", sa.Float(), nullable=True),
        sa.Column("foot_clearance_m", sa.Float(), nullable=True),
        sa.Column("grade_pct", sa.Float(), nullable=True),
        sa.Column("state", sa.String(), nullable=True),
        sa.Column("is_clipped", sa.Boolean(), nullable=False),
        sa.Column("uncertainty", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_key"], ["runs.run_key"], name=op.f("fk_strides_run_key_runs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_key", "wear_site", "initial_contact_s", name=op.f("pk_strides")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "trunk_steps",
        sa.Column("run_key", sa.Integer(), nullable=False),
        sa.Column("wear_site", sa.String(), nullable=False),
        sa.Column("initial_contact_s", sa.Float(), nullable=False),
        sa.Column("toe_off_s", sa.Float(), nullable=True),
        sa.Column("contact_time_s", sa.Float(), nullable=True),
        sa.Column("flight_time_s", sa.Float(), nullable=True),
        sa.Column("step_time_s", sa.Float(), nullable=True),
        sa.Column("is_left", sa.Boolean(), nullable=True),
        sa.Column("vertical_oscillation_m", sa.Float(), nullable=True),
        sa.Column("forward_lean_deg", sa.Float(), nullable=True),
        sa.Column("axial_rotation_deg", sa.Float(), nullable=True),
        sa.Column("lateral_drop_deg", sa.Float(), nullable=True),
        sa.Column("impact_g", sa.Float(), nullable=True),
        sa.Column("state", sa.String(), nullable=True),
        sa.Column("is_clipped", sa.Boolean(), nullable=False),
        sa.Column("uncertainty", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["run_key"], ["runs.run_key"], name=op.f("fk_trunk_steps_run_key_runs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("run_key", "wear_site", "initial_contact_s", name=op.f("pk_trunk_steps")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("trunk_steps")
    op.drop_table("strides")
    op.drop_table("strength_test_results")
    with op.batch_alter_table("strength_sessions", schema=None) as batch_op:
        batch_op.drop_index("ix_strength_sessions_plan_id")

    op.drop_table("strength_sessions")
    op.drop_table("strength_pauses")
    op.drop_table("seconds")
    op.drop_table("run_summaries")
    op.drop_table("cue_responses")
    op.drop_table("cue_decisions")
    op.drop_table("strength_plans")
    with op.batch_alter_table("strength_events", schema=None) as batch_op:
        batch_op.drop_index("ix_strength_events_session_id")

    op.drop_table("strength_events")
    op.drop_table("shoes")
    op.drop_table("settings")
    op.drop_table("sensors")
    with op.batch_alter_table("runs", schema=None) as batch_op:
        batch_op.drop_index("ix_runs_started_at")
        batch_op.drop_index("ix_runs_run_id")

    op.drop_table("runs")
    op.drop_table("runner")
    with op.batch_alter_table("reminders", schema=None) as batch_op:
        batch_op.drop_index("ix_reminders_state")

    op.drop_table("reminders")
    op.drop_table("red_flag_answers")
    op.drop_table("push_phones")
    op.drop_table("phones")
    with op.batch_alter_table("pain_entries", schema=None) as batch_op:
        batch_op.drop_index("ix_pain_entries_at")

    op.drop_table("pain_entries")
    op.drop_table("daily_activities")
    with op.batch_alter_table("coached_runs", schema=None) as batch_op:
        batch_op.drop_index("ix_coached_runs_at")

    op.drop_table("coached_runs")
