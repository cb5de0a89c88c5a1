// What pgjdbc asks of a lake of the bundled archive. Usage: java -cp postgresql.jar Jdbc.java PORT PASSWORD

import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Timestamp;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;

public class Jdbc {
    static final int ALL = 2957;

    static void same(Object wanted, Object found) {
        if (!wanted.equals(found)) throw new AssertionError("wanted " + wanted + ", found " + found);
    }

    static List<String> column(ResultSet rows, String name) throws SQLException {
        List<String> values = new ArrayList<>();
        while (rows.next()) values.add(rows.getString(name));
        rows.close();
        return values;
    }

    static Connection open(String port, String password, String mode) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", "resonanz");
        properties.setProperty("password", password);
        properties.setProperty("preferQueryMode", mode);
        return DriverManager.getConnection("jdbc:postgresql://127.0.0.1:" + port + "/resonanz", properties);
    }

    static void reads(Connection lake) throws SQLException {
        try (PreparedStatement of = lake.prepareStatement(
                "SELECT count(*) FROM mentions WHERE topic = ? AND score > ? AND posted_at >= ?")) {
            // From the fifth time on the server has it prepared.
            for (int time = 0; time < 8; time++) {
                of.setString(1, "films");
                of.setDouble(2, -2);
                of.setObject(3, OffsetDateTime.parse("2026-03-01T00:00:00+01:00"));
                ResultSet rows = of.executeQuery();
                rows.next();
                same(1774L, rows.getLong(1));
            }
        }
        lake.setAutoCommit(false);
        try (Statement parts = lake.createStatement()) {
            parts.setFetchSize(100);
            ResultSet rows = parts.executeQuery("SELECT text, posted_at, reach FROM mentions ORDER BY posted_at");
            int count = 0;
            while (rows.next()) {
                if (count++ == 0) same("2026-03-02T00:", rows.getTimestamp(2).toInstant().toString().substring(0, 14));
            }
            same(ALL, count);
        }
        lake.commit();
        lake.setAutoCommit(true);
        try (PreparedStatement typed = lake.prepareStatement(
                "SELECT ?::int, ?::text, ?::boolean, CAST(NULL AS int), TIMESTAMPTZ '2026-03-03 00:00:00+01', DATE '2026-03-01' LIMIT ?")) {
            typed.setInt(1, 7);
            typed.setString(2, "a'b\u00fc\ud83d\ude21");
            typed.setBoolean(3, true);
            typed.setInt(4, 1);
            ResultSet rows = typed.executeQuery();
            rows.next();
            same(7, rows.getInt(1));
            same("a'b\u00fc\ud83d\ude21", rows.getString(2));
            same(true, rows.getBoolean(3));
            same(0, rows.getInt(4));
            same(true, rows.wasNull());
            same(Timestamp.from(OffsetDateTime.parse("2026-03-02T23:00:00Z").toInstant()), rows.getTimestamp(5));
            same("2026-03-01", rows.getDate(6).toString());
        }
    }

    static void metadata(Connection lake) throws SQLException {
        DatabaseMetaData about = lake.getMetaData();
        same("PostgreSQL", about.getDatabaseProductName());
        List<String> tables = column(about.getTables(null, "public", "%", new String[] {"TABLE"}), "TABLE_NAME");
        same(List.of("alerts", "mentions", "panes", "posts", "reviews", "triage"), tables);
        same(true, column(about.getTables(null, null, "tre%", new String[] {"VIEW"}), "TABLE_NAME").contains("trends"));
        ResultSet columns = about.getColumns(null, "public", "mentions", "%");
        List<String> kinds = new ArrayList<>();
        while (columns.next()) kinds.add(columns.getString("COLUMN_NAME") + " " + columns.getString("TYPE_NAME"));
        same(true, kinds.containsAll(List.of("posted_at timestamptz", "text text", "score float8", "reach int8")));
        same(true, column(about.getSchemas(), "TABLE_SCHEM").contains("public"));
        same(List.of("resonanz"), column(about.getCatalogs(), "TABLE_CAT"));
        same(true, column(about.getTableTypes(), "TABLE_TYPE").contains("VIEW"));
        same(List.of(), column(about.getPrimaryKeys(null, "public", "mentions"), "COLUMN_NAME"));
        same(List.of(), column(about.getIndexInfo(null, "public", "mentions", false, false), "INDEX_NAME"));
        same(List.of(), column(about.getBestRowIdentifier(null, "public", "mentions", 0, true), "COLUMN_NAME"));
        same(true, column(about.getTypeInfo(), "TYPE_NAME").contains("timestamptz"));
        column(about.getClientInfoProperties(), "NAME");
        same(false, about.getSQLKeywords().isEmpty());
        nothing(about);
    }

    /** Keys, indexes, procedures, types and privileges: none, with the columns that JDBC names. */
    static void nothing(DatabaseMetaData about) throws SQLException {
        ResultSet[] found = {
            about.getImportedKeys(null, "public", "mentions"), about.getExportedKeys(null, "public", "mentions"),
            about.getCrossReference(null, "public", "mentions", null, "public", "posts"),
            about.getIndexInfo(null, "public", "mentions", true, true), about.getProcedures(null, "public", "%"),
            about.getProcedureColumns(null, "public", "%", "%"), about.getFunctions(null, "public", "%"),
            about.getFunctionColumns(null, "public", "%", "%"), about.getUDTs(null, "public", "%", null),
            about.getVersionColumns(null, "public", "mentions")};
        String[][] columns = {
            {"PKTABLE_NAME", "FKCOLUMN_NAME", "KEY_SEQ", "DEFERRABILITY"}, {"FKTABLE_NAME", "UPDATE_RULE"}, {"FK_NAME", "PK_NAME"},
            {"INDEX_NAME", "NON_UNIQUE", "ORDINAL_POSITION", "ASC_OR_DESC"}, {"PROCEDURE_NAME", "PROCEDURE_TYPE"},
            {"PROCEDURE_NAME", "COLUMN_NAME"}, {"FUNCTION_NAME", "FUNCTION_TYPE"}, {"FUNCTION_NAME", "COLUMN_NAME"},
            {"TYPE_NAME", "DATA_TYPE"}, {"COLUMN_NAME", "PSEUDO_COLUMN"}};
        for (int at = 0; at < found.length; at++) {
            for (String name : columns[at]) found[at].findColumn(name);
            if (at != 9) same(List.of(), column(found[at], columns[at][0]));
        }
        about.getTablePrivileges(null, "public", "mentions").findColumn("PRIVILEGE");
        about.getColumnPrivileges(null, "public", "mentions", "%").findColumn("PRIVILEGE");
        same(true, about.getMaxColumnNameLength() > 0);
        same("resonanz", about.getUserName());
    }

    static void refusals(Connection lake) throws SQLException {
        for (String[] wrong : new String[][] {
                {"SELECT nosuch FROM mentions", "42703"}, {"SELECT * FROM nosuch", "42P01"},
                {"DELETE FROM mentions", "25006"}, {"SELECT 1 / (count(*) - count(*)) FROM mentions", "22012"}}) {
            try (Statement statement = lake.createStatement()) {
                statement.executeQuery(wrong[0]).next();
                throw new AssertionError(wrong[0] + " is not refused");
            } catch (SQLException error) {
                same(wrong[1], error.getSQLState());
            }
        }
        try (Statement slow = lake.createStatement()) {
            slow.setQueryTimeout(1);
            slow.executeQuery("SELECT count(*) FROM generate_series(1, 100000000000)").next();
            throw new AssertionError("not cancelled");
        } catch (SQLException error) {
            same("57014", error.getSQLState());
        }
        // It goes on with the same connection.
        try (Statement statement = lake.createStatement()) {
            ResultSet rows = statement.executeQuery("SELECT 1");
            rows.next();
            same(1, rows.getInt(1));
        }
    }

    public static void main(String[] arguments) throws SQLException {
        for (String mode : new String[] {"extended", "simple", "extendedForPrepared", "extendedCacheEverything"}) {
            try (Connection lake = open(arguments[0], arguments[1], mode)) {
                reads(lake);
                metadata(lake);
                refusals(lake);
            }
            System.out.println(mode);
        }
        System.out.println("done");
    }
}
