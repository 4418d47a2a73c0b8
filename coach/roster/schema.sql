-- The clinic's shared index: numbers only. No name, note or position of a runner; what the clinic calls a runner is
-- encrypted with that runner's own key. Made by the owner of the database; the service connects as another role, which
-- owns nothing, so that row-level security holds for each of its questions. `coach.person` and `coach.runner` say on
-- whose behalf a transaction is; without either it sees no runner.
-- PostgreSQL 15: CREATE POLICY, ALTER TABLE ... FORCE ROW LEVEL SECURITY; several policies of one command add up (OR).

create table person (
  person_id bigint generated always as identity primary key,
  kind text not null check (kind in ('clinician', 'researcher', 'keeper')),
  name text not null check (length(name) between 1 and 80),
  created_at timestamptz not null default now(),
  ended_at timestamptz
);

-- Doors: hashes of secrets and whom they let in. Nothing of anybody's health.
create table person_door (
  token_hash bytea primary key,
  person_id bigint not null references person on delete cascade,
  kind text not null check (kind in ('invitation', 'session')),
  expires_at timestamptz not null
);
create table runner_door (
  public_key text primary key,
  runner_id text not null unique,
  revoked_at timestamptz,
  delete_after timestamptz
);
create table invitation (
  token_hash bytea primary key,
  runner_id text not null unique,
  person_id bigint not null references person on delete cascade,
  label bytea not null,
  expires_at timestamptz not null
);

create table runner (
  runner_id text primary key,
  pseudonym text not null unique,
  label bytea not null,
  joined_at timestamptz not null default now(),
  heard_at timestamptz,
  withdrawn_at timestamptz
);
create table consent (
  runner_id text primary key references runner on delete cascade,
  scopes text[] not null,
  given_at timestamptz not null
);
create table care (
  person_id bigint not null references person on delete cascade,
  runner_id text not null references runner on delete cascade,
  granted_at timestamptz not null default now(),
  ended_at timestamptz,
  primary key (person_id, runner_id)
);
create index care_of_runner on care (runner_id);

create table run_index (
  runner_id text not null references runner on delete cascade,
  run_id text not null,
  started_at timestamptz not null,
  sha256 text not null,
  algorithm text not null,
  duration_s real,
  distance_m real,
  speed_mps real,
  cadence_spm real,
  contact_time_ms real,
  step_length_m real,
  step_length_at_usual_m real,
  step_length_at_usual_se_m real,
  primary key (runner_id, run_id)
);
create table runner_state (
  runner_id text primary key references runner on delete cascade,
  lock text not null,
  signs text[] not null,
  locked_since timestamptz,
  pain_level smallint,
  pain_rose_by real,
  is_rising boolean not null,
  gait_change_m real,
  gait_se_m real,
  gait_speed_mps real,
  last_run_at timestamptz,
  n_overdue smallint not null,
  overdue_since timestamptz,
  computed_at timestamptz not null
);
create table seen (
  runner_id text primary key references runner on delete cascade,
  person_id bigint not null references person,
  at timestamptz not null default now(),
  mark text not null
);
create table runner_order (
  order_id text primary key,
  runner_id text not null references runner on delete cascade,
  person_id bigint not null references person,
  document jsonb not null,
  created_at timestamptz not null default now(),
  state text not null default 'open' check (state in ('open', 'accepted', 'refused')),
  answered_at timestamptz
);
create index order_of_runner on runner_order (runner_id, created_at);

-- What stays of a runner who withdrew: the pseudonym that later exports must name. The audit keeps the random id.
create table tombstone (pseudonym text primary key, deleted_at timestamptz not null default now());

create table audit (
  audit_id bigint primary key,
  at timestamptz not null,
  person_id bigint,
  runner_id text,
  verb text not null,
  what text not null,
  before_hash bytea not null,
  hash bytea not null
);

create function me() returns bigint language sql stable parallel safe
  as $$ select nullif(current_setting('coach.person', true), '')::bigint $$;
create function own_runner() returns text language sql stable parallel safe
  as $$ select nullif(current_setting('coach.runner', true), '') $$;
create function my_kind() returns text language sql stable parallel safe
  as $$ select kind from person where person_id = me() and ended_at is null $$;

-- Person and doors hold nothing of health and are read to find out who asks. All other tables are guarded.
do $$ declare t text; begin
  foreach t in array array['runner', 'consent', 'care', 'run_index', 'runner_state', 'seen', 'runner_order'] loop
    execute format('alter table %I enable row level security', t);
    execute format('alter table %I force row level security', t);
    execute format('create policy own on %I using (runner_id = (select own_runner()))
                    with check (runner_id = (select own_runner()))', t);
  end loop;
end $$;

-- Who may see whom. Inner selects make each of these one question of a statement, not one of a row.
create policy mine on care for select using (person_id = (select me()));
create policy keeper on care using ((select my_kind()) = 'keeper') with check ((select my_kind()) = 'keeper');
create policy cared on consent for select using (
  runner_id in (select c.runner_id from care c where c.person_id = (select me()) and c.ended_at is null));
create policy studied on consent for select using ((select my_kind()) = 'researcher' and 'research' = any(scopes));
create policy keeper on runner for select using ((select my_kind()) = 'keeper');

do $$ declare t text; begin
  foreach t in array array['runner', 'run_index', 'runner_state', 'seen', 'runner_order'] loop
    execute format($p$create policy cared on %I for select using (
      (select my_kind()) = 'clinician' and runner_id in (
        select c.runner_id from care c join consent k using (runner_id)
        where c.person_id = (select me()) and c.ended_at is null and 'care' = any(k.scopes)))$p$, t);
  end loop;
  foreach t in array array['seen', 'runner_order'] loop
    execute format($p$create policy cares on %I for insert with check (
      person_id = (select me()) and (select my_kind()) = 'clinician' and runner_id in (
        select c.runner_id from care c join consent k using (runner_id)
        where c.person_id = (select me()) and c.ended_at is null and 'care' = any(k.scopes)))$p$, t);
  end loop;
  foreach t in array array['runner', 'run_index'] loop
    execute format($p$create policy studied on %I for select using (
      (select my_kind()) = 'researcher' and runner_id in (
        select k.runner_id from consent k where 'research' = any(k.scopes)))$p$, t);
  end loop;
end $$;
create policy sees_again on seen for update using (
  (select my_kind()) = 'clinician' and runner_id in (
    select c.runner_id from care c join consent k using (runner_id)
    where c.person_id = (select me()) and c.ended_at is null and 'care' = any(k.scopes)))
  with check (person_id = (select me()));

-- ANALYZE would copy values into the statistics, where a deletion of rows does not reach them.
alter table run_index alter column run_id set statistics 0;
alter table run_index alter column sha256 set statistics 0;
alter table runner alter column pseudonym set statistics 0;
alter table runner alter column label set statistics 0;
alter table runner_door alter column public_key set statistics 0;
alter table runner_order alter column document set statistics 0;

-- The audit: appended by one function alone, each entry with the hash of the one before it, never changed.
create function audit_text(a audit) returns text language sql immutable
  as $$ select concat_ws('|', a.audit_id, extract(epoch from a.at)::numeric(20, 6), coalesce(a.person_id::text, '-'),
                         coalesce(a.runner_id, '-'), a.verb, a.what) $$;
create function audit_append(verb text, runner text, what text) returns void
  language plpgsql security definer set search_path = public as $$
declare entry audit; last audit;
begin
  perform pg_advisory_xact_lock(1129267267);
  select * into last from audit order by audit_id desc limit 1;
  entry.audit_id := coalesce(last.audit_id, 0) + 1;
  entry.at := clock_timestamp();
  entry.person_id := me();
  entry.runner_id := runner;
  entry.verb := verb;
  entry.what := what;
  entry.before_hash := coalesce(last.hash, ''::bytea);
  entry.hash := sha256(entry.before_hash || convert_to(audit_text(entry), 'UTF8'));
  insert into audit values (entry.*);
end $$;
create function audit_stays() returns trigger language plpgsql
  as $$ begin raise exception 'the audit is only appended to'; end $$;
create trigger audit_stays before update or delete or truncate on audit for each statement execute function audit_stays();

-- DELETE and VACUUM leave rows readable in a table's file; this writes the files afresh, as VACUUM FULL does, and may be
-- called by the service, which owns no table.
create function rewrite_tables() returns void language plpgsql security definer set search_path = public as $$
begin
  cluster runner using runner_pkey;
  cluster runner_door using runner_door_pkey;
  cluster consent using consent_pkey;
  cluster care using care_pkey;
  cluster run_index using run_index_pkey;
  cluster runner_state using runner_state_pkey;
  cluster seen using seen_pkey;
  cluster runner_order using runner_order_pkey;
end $$;
revoke execute on function rewrite_tables() from public;
revoke execute on function audit_append(text, text, text) from public;
