//! Errors tell whoever wrote the filter what to do.

use sigpost_core::filter::Filter;

#[test]
fn every_error_says_what_was_found_where_and_what_to_write() {
    let table = [
        ("", r#"unexpected end at byte 0: write a comparison such as `id eq "abc"`"#),
        ("id", "unexpected end at byte 2: write `eq` or `ne` after the attribute"),
        ("id eq", "unexpected end at byte 5: write a value in double quotes after the operator"),
        (r#"id eq "a" id"#, r#"unexpected "id" at byte 10: write `and` or `or` between comparisons"#),
        (r#"id eq "a", id"#, r#"unexpected "," at byte 9: write `and` or `or` between comparisons"#),
        (r#"id eq"a""#, "no space at byte 5: put one there"),
        (
            r#"owner eq "a""#,
            r#"unknown attribute "owner" at byte 0: use `id`, `spaceId`, `topLevelResourceId` or `data.status`"#,
        ),
        ("id pr", r#"operator "pr" at byte 3 is not supported: use `eq` or `ne`"#),
        ("id eq true", r#""true" at byte 6 is no value: write a JSON string, in double quotes"#),
        (
            r#"not (id eq "a")"#,
            "`not` at byte 0 is not supported: compare with `ne` instead of `eq`, or `eq` instead of `ne`",
        ),
        (r#"id eq "a"#, "broken string at byte 8: end it with a double quote"),
        (
            r#"id eq "\x""#,
            r#"broken string at byte 7: after a backslash write one of "\/bfnrt, or u and four hexadecimal digits"#,
        ),
        ("id eq \"\n\"", "broken string at byte 7: write the control character as an escape, such as `\\n`"),
        (
            r#"id eq "\ud800""#,
            "half of a surrogate pair at byte 7: add its other half, or write the character itself",
        ),
        (r#"(id eq "a""#, "the parenthesis at byte 0 is never closed: add a `)`"),
        (r#"id eq "a")"#, "the parenthesis at byte 9 closes nothing: remove it"),
        (&"(".repeat(33), "more than 32 open parentheses, at byte 32: use fewer"),
        (&" ".repeat(9000), "longer than 8192 bytes: shorten the filter"),
        (&[r#"id eq "a""#; 257].join(" or "), "more than 256 comparisons, at byte 3328: use fewer"),
    ];
    for (filter, message) in table {
        assert_eq!(Filter::parse(filter).expect_err(filter).to_string(), message);
    }
}

#[test]
fn what_was_found_is_repeated_in_part_only_and_made_visible() {
    let error = Filter::parse(&format!("\u{1b}[2J{} eq \"a\"", "\u{1b}\u{e9}".repeat(100)))
        .expect_err("no attribute");
    let message = error.to_string();
    assert!(message.starts_with(r#"unknown attribute "\u{1b}" at byte 0"#), "{message}");
    let error = Filter::parse(&format!("id {}", "\u{e9}".repeat(1000))).expect_err("no operator");
    assert!(error.to_string().contains(&format!("{:?}", "\u{e9}".repeat(32))), "{error}");
}

#[test]
fn a_filter_that_does_not_go_with_the_event_types_says_which_one_to_remove() {
    let filter = Filter::parse(r#"data.status eq "ok""#).expect("a filter");
    let other = filter.check_event_types(["com.qlik.v1.app.created"]).expect_err("another type");
    assert_eq!(
        other.to_string(),
        "a filter by `data.status` needs `com.qlik.v1.app.reload.finished` as the only event type: remove \
         \"com.qlik.v1.app.created\", or `data.status` from the filter"
    );
    let none = filter.check_event_types([]).expect_err("no type");
    assert!(none.to_string().ends_with("add it, or remove `data.status` from the filter"), "{none}");
}
