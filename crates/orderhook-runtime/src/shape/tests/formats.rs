use super::*;

#[track_caller]
fn check_format(format: Format, valid: &[&str], invalid: &[&str]) {
    for text in valid {
        assert_eq!(format.problem(text), None, "{text}");
    }
    for text in invalid {
        assert!(format.problem(text).is_some(), "{text}");
    }
}

#[test]
fn dates_and_times() {
    check_format(
        Format::Date,
        &["2026-01-31", "2024-02-29", "2000-02-29", "0000-01-01"],
        &[
            "",
            "2026-1-31",
            "2026-02-29",
            "1900-02-29",
            "2026-13-01",
            "2026-00-01",
            "2026-04-31",
            "2026-01-00",
            "2026-01-31T",
            "26-01-31",
            "2026/01/31",
            "+026-01-31",
            "٢٠٢٦-01-31",
        ],
    );
    check_format(
        Format::DateTime,
        &[
            "2026-01-31T12:30:00Z",
            "2026-01-31t23:59:60.123456789012z",
            "2026-01-31T00:00:00+23:59",
            "2026-01-31T00:00:00.5-00:00",
        ],
        &[
            "",
            "2026-01-31",
            "2026-01-31T12:30:00",
            "2026-01-31 12:30:00Z",
            "2026-01-31T24:00:00Z",
            "2026-01-31T12:60:00Z",
            "2026-01-31T12:30:61Z",
            "2026-01-31T12:30Z",
            "2026-01-31T12:30:00.Z",
            "2026-01-31T12:30:00+1:00",
            "2026-01-31T12:30:00+24:00",
            "2026-01-31T12:30:00ZZ",
            "2026-02-30T12:30:00Z",
        ],
    );
    check_format(
        Format::Time,
        &["12:30:00Z", "12:30:00", "12:30:00.25+01:00"],
        &["12:30", "25:00:00", "12:30:00+", "12:30:00é", "noon"],
    );
    check_format(
        Format::Duration,
        &["P1D", "P1Y2M3DT4H5M6.5S", "PT36H", "P2W", "PT0S"],
        &[
            "", "P", "PT", "P1", "1D", "P1H", "PT1D", "P1D2Y", "P1.5D", "P-1D", "P1W2D", "P1DT",
        ],
    );
}

#[test]
fn names_and_addresses() {
    check_format(
        Format::Uuid,
        &[
            "123e4567-e89b-12d3-a456-426614174000",
            "00000000-0000-0000-0000-00000000000A",
        ],
        &[
            "",
            "123e4567e89b12d3a456426614174000",
            "{123e4567-e89b-12d3-a456-426614174000}",
            "123e4567-e89b-12d3-a456-42661417400g",
            "123e4567-e89b-12d3-a456-4266141740000",
        ],
    );
    check_format(
        Format::Email,
        &[
            "a@b",
            "first.last+tag@example.com",
            "\"a b\"@example.com",
            "a@[192.0.2.1]",
            "a@[IPv6:::1]",
        ],
        &[
            "", "a", "@b", "a@", "a b@c", "a@b c", ".a@b", "a..b@c", "a@-b", "é@b", "a@[b]",
            "a\n@b",
        ],
    );
    check_format(
        Format::Hostname,
        &["localhost", "a-1.example.com", "1.2"],
        &["", ".", "a.", "-a", "a-", "a_b", "a b", "é.com"],
    );
    check_format(Format::Hostname, &[&"a".repeat(63)], &[&"a".repeat(64)]);
    check_format(
        Format::Ipv4,
        &["192.0.2.1"],
        &["", "192.0.2", "256.0.0.1", "::1"],
    );
    check_format(
        Format::Ipv6,
        &["::1", "2001:db8::1"],
        &["", "192.0.2.1", "[::1]", ":::"],
    );
    check_format(Format::Ip, &["::1", "192.0.2.1"], &["", "host"]);
}

#[test]
fn references_and_bytes() {
    check_format(
        Format::UriReference,
        &[
            "",
            "/a?b=c#d",
            "../a",
            "https://example.com/%C3%A9",
            "urn:a:b",
        ],
        &["a b", "/é", "/%2", "a#b#c", "<a>", "\\"],
    );
    check_format(
        Format::Byte,
        &["", "YQ==", "YWI=", "YWJj", "+/+/"],
        &["YQ", "YQ=", "Y===", "====", "Y=Q=", "YW-_", "YWJ ", "é=="],
    );
}
