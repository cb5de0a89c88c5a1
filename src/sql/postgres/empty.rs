//! Which tables of PostgreSQL's catalog does a lake have nothing for? Clients ask for them all the same, and
//! are answered with their columns and no rows.

/// Of `pg_catalog`, by name, with their columns.
pub(super) const CATALOG: [(&str, &str); 22] = [
    // psycopg looks for a cursor whose declaration failed.
    ("pg_cursors", "name statement is_holdable is_binary is_scrollable creation_time"),
    ("pg_prepared_statements", "name statement prepare_time parameter_types from_sql"),
    ("pg_indexes", "schemaname tablename indexname tablespace indexdef"),
    ("pg_rules", "schemaname tablename rulename definition"),
    ("pg_policies", "schemaname tablename policyname permissive roles cmd qual with_check"),
    (
        "pg_sequences",
        "schemaname sequencename sequenceowner data_type start_value min_value max_value increment_by cycle cache_size last_value",
    ),
    (
        "pg_stats",
        "schemaname tablename attname inherited null_frac avg_width n_distinct most_common_vals most_common_freqs histogram_bounds correlation",
    ),
    (
        "pg_stat_activity",
        "datid datname pid leader_pid usesysid usename application_name client_addr client_hostname client_port backend_start xact_start query_start state_change wait_event_type wait_event state backend_xid backend_xmin query_id query backend_type",
    ),
    (
        "pg_stat_database",
        "datid datname numbackends xact_commit xact_rollback blks_read blks_hit tup_returned tup_fetched tup_inserted tup_updated tup_deleted conflicts temp_files temp_bytes deadlocks stats_reset",
    ),
    (
        "pg_stat_user_indexes",
        "relid indexrelid schemaname relname indexrelname idx_scan idx_tup_read idx_tup_fetch",
    ),
    (
        "pg_stat_all_indexes",
        "relid indexrelid schemaname relname indexrelname idx_scan idx_tup_read idx_tup_fetch",
    ),
    (
        "pg_stat_all_tables",
        "relid schemaname relname seq_scan seq_tup_read idx_scan idx_tup_fetch n_tup_ins n_tup_upd n_tup_del n_live_tup n_dead_tup last_vacuum last_autovacuum last_analyze last_autoanalyze",
    ),
    (
        "pg_statio_user_tables",
        "relid schemaname relname heap_blks_read heap_blks_hit idx_blks_read idx_blks_hit",
    ),
    (
        "pg_stat_replication",
        "pid usesysid usename application_name client_addr state sent_lsn write_lsn flush_lsn replay_lsn sync_state",
    ),
    ("pg_stat_ssl", "pid ssl version cipher bits client_dn client_serial issuer_dn"),
    (
        "pg_locks",
        "locktype database relation page tuple virtualxid transactionid classid objid objsubid virtualtransaction pid mode granted fastpath waitstart",
    ),
    ("pg_prepared_xacts", "transaction gid prepared owner database"),
    ("pg_available_extensions", "name default_version installed_version comment"),
    ("pg_timezone_names", "name abbrev utc_offset is_dst"),
    ("pg_user_mappings", "umid srvid srvname umuser usename umoptions"),
    ("pg_group", "groname grosysid grolist"),
    ("pg_seclabels", "objoid classoid objsubid objtype objnamespace objname provider label"),
];

/// Of `information_schema`, in the same way.
pub(super) const INFORMATION: [(&str, &str); 26] = [
    (
        "table_constraints",
        "constraint_catalog constraint_schema constraint_name table_catalog table_schema table_name constraint_type is_deferrable initially_deferred enforced",
    ),
    (
        "key_column_usage",
        "constraint_catalog constraint_schema constraint_name table_catalog table_schema table_name column_name ordinal_position position_in_unique_constraint",
    ),
    (
        "constraint_column_usage",
        "table_catalog table_schema table_name column_name constraint_catalog constraint_schema constraint_name",
    ),
    (
        "constraint_table_usage",
        "table_catalog table_schema table_name constraint_catalog constraint_schema constraint_name",
    ),
    (
        "referential_constraints",
        "constraint_catalog constraint_schema constraint_name unique_constraint_catalog unique_constraint_schema unique_constraint_name match_option update_rule delete_rule",
    ),
    ("check_constraints", "constraint_catalog constraint_schema constraint_name check_clause"),
    (
        "routines",
        "specific_catalog specific_schema specific_name routine_catalog routine_schema routine_name routine_type data_type type_udt_name routine_body routine_definition external_language",
    ),
    (
        "parameters",
        "specific_catalog specific_schema specific_name ordinal_position parameter_mode parameter_name data_type udt_name parameter_default",
    ),
    (
        "triggers",
        "trigger_catalog trigger_schema trigger_name event_manipulation event_object_catalog event_object_schema event_object_table action_statement action_orientation action_timing",
    ),
    (
        "sequences",
        "sequence_catalog sequence_schema sequence_name data_type start_value minimum_value maximum_value increment cycle_option",
    ),
    (
        "table_privileges",
        "grantor grantee table_catalog table_schema table_name privilege_type is_grantable with_hierarchy",
    ),
    (
        "role_table_grants",
        "grantor grantee table_catalog table_schema table_name privilege_type is_grantable with_hierarchy",
    ),
    (
        "column_privileges",
        "grantor grantee table_catalog table_schema table_name column_name privilege_type is_grantable",
    ),
    (
        "role_column_grants",
        "grantor grantee table_catalog table_schema table_name column_name privilege_type is_grantable",
    ),
    (
        "usage_privileges",
        "grantor grantee object_catalog object_schema object_name object_type privilege_type is_grantable",
    ),
    (
        "role_routine_grants",
        "grantor grantee specific_catalog specific_schema specific_name routine_catalog routine_schema routine_name privilege_type is_grantable",
    ),
    (
        "sql_features",
        "feature_id feature_name sub_feature_id sub_feature_name is_supported is_verified_by comments",
    ),
    ("applicable_roles", "grantee role_name is_grantable"),
    ("enabled_roles", "role_name"),
    ("domains", "domain_catalog domain_schema domain_name data_type udt_name domain_default"),
    (
        "view_table_usage",
        "view_catalog view_schema view_name table_catalog table_schema table_name",
    ),
    (
        "view_column_usage",
        "view_catalog view_schema view_name table_catalog table_schema table_name column_name",
    ),
    ("collations", "collation_catalog collation_schema collation_name pad_attribute"),
    (
        "user_defined_types",
        "user_defined_type_catalog user_defined_type_schema user_defined_type_name user_defined_type_category",
    ),
    (
        "foreign_tables",
        "foreign_table_catalog foreign_table_schema foreign_table_name foreign_server_catalog foreign_server_name",
    ),
    (
        "element_types",
        "object_catalog object_schema object_name object_type collection_type_identifier data_type udt_name",
    ),
];

/// Whether a table of `pg_catalog` is one of them, or one that is made here.
pub(super) fn is_of_catalog(name: &str) -> bool {
    let made = ["pg_settings", "pg_user"];
    let known = CATALOG.iter().map(|(known, _)| *known);
    known.chain(made).any(|known| known.eq_ignore_ascii_case(name))
}
