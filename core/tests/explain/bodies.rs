//! The body is not the one that was signed.

use super::*;

#[test]
fn a_body_that_was_parsed_and_written_again_is_named_with_what_was_signed() {
    let php = r#"{"id":7,"name":"Zo\u00eb \u2014 1\/2 <b>","none":{},"tags":["a","b"]}"#;
    let go = r#"{"id":7,"name":"Zoë — 1/2 \u003cb\u003e","none":{},"tags":["a","b"]}"#;
    let dot_net = r#"{"id":7,"name":"Zo\u00EB \u2014 1/2 \u003Cb\u003E","none":{},"tags":["a","b"]}"#;
    let four_spaces = pretty().replace("  ", "    ");
    for (sent, style) in [
        (PYTHON, "Python's json.dumps"),
        (&PYTHON.replace("\\u00eb", "ë").replace("\\u2014", "—"), "ensure_ascii=False"),
        (&PYTHON.replace(", ", ",").replace(": ", ":"), "everything but ASCII"),
        (php, "PHP's"),
        (go, "Go's"),
        (dot_net, ".NET's"),
        (&pretty(), "two spaces"),
        (&four_spaces, "four spaces"),
        (&pretty().replace("  ", "\t"), "tabs"),
    ] {
        let explanation = ask(Scheme::QLIK, &[SECRET], &signed(sent), JSON.as_bytes());
        assert_eq!(codes(&explanation), ["reserialized"], "{style}");
        let text = explanation.mistakes[0].to_string();
        assert!(text.contains(style), "{style}: {text}");
    }
    // The sender is JSON.stringify-like, and the receiver's keys or numbers came out otherwise.
    assert_eq!(body_mistake(r#"{"1":0,"a":1.5}"#, r#"{"a":1.50,"1":0}"#), ["reserialized"]);
}

#[test]
fn pretty_printed_and_ascii_escaped_bodies_are_named() {
    assert_eq!(body_mistake(JSON, pretty()), ["pretty_printed"]);
    assert_eq!(body_mistake(r#"{"a":1}"#, "{\"a\": 1}\n"), ["reserialized"]);
    assert_eq!(body_mistake(JSON, PYTHON), ["ascii_escaped"]);
    assert_eq!(body_mistake(JSON, PYTHON.replace("\\u00eb", "ë").replace("\\u2014", "—")), ["reserialized"]);
}

#[test]
fn white_space_at_the_ends_and_line_ends_are_named() {
    assert_eq!(body_mistake(JSON, format!("{JSON}\n")), ["newline_added"]);
    assert_eq!(body_mistake(JSON, format!("{JSON}\r\n")), ["newline_added"]);
    assert_eq!(body_mistake(format!("{JSON}\n"), JSON), ["newline_dropped"]);
    assert_eq!(body_mistake(format!("{JSON}\r\n"), JSON), ["newline_dropped"]);
    assert_eq!(body_mistake(JSON, format!("  {JSON} \n")), ["space_added"]);
    assert_eq!(body_mistake("a\r\nb\r\n", "a\nb\n"), ["line_endings"]);
    assert_eq!(body_mistake("a\nb\n", "a\r\nb\r\n"), ["line_endings"]);
}

#[test]
fn marks_and_decodings_are_named() {
    assert_eq!(body_mistake(JSON, format!("\u{feff}{JSON}")), ["byte_order_mark_added"]);
    assert_eq!(body_mistake(format!("\u{feff}{JSON}"), JSON), ["byte_order_mark_dropped"]);
    // Buffer.toString('latin1'), and TextDecoder('latin1'), which is windows-1252.
    let latin1: String = JSON.bytes().map(char::from).collect();
    assert_eq!(body_mistake(JSON, latin1), ["decoded_as_latin1"]);
    assert_eq!(
        body_mistake("\u{201c}x\u{2014}", "\u{e2}\u{20ac}\u{153}x\u{e2}\u{20ac}\u{201d}"),
        ["decoded_as_latin1"]
    );
    assert_eq!(body_mistake("caf\u{e9}", b"caf\xe9"), ["encoded_as_latin1"]);
}

#[test]
fn forms_and_wrappings_are_named() {
    let form = "payload=%7B%22a%22%3A%22b+c%22%7D";
    assert_eq!(body_mistake(r#"{"a":"b c"}"#, form), ["form_encoded"]);
    assert_eq!(body_mistake(form, r#"{"a":"b c"}"#), ["form_decoded"]);
    // Slack's commands are forms, which parsers rewrite and express.urlencoded() makes an object of.
    let command = "token=a1&text=caf%C3%A9+*1*%2F2&user_name=Zo";
    let rewritten = command.replace('+', "%20").replace("%2F", "/");
    assert_eq!(body_mistake(command, rewritten), ["form_rewritten"]);
    let object = r#"{"token":"a1","text":"café *1*/2","user_name":"Zo"}"#;
    assert_eq!(body_mistake(command, object), ["form_rewritten"]);
    // express.urlencoded() reads JSON as the name of a field.
    let key = serde_json::json!({ r#"{"a":"b"}"#: "" }).to_string();
    assert_eq!(body_mistake(r#"{"a":"b"}"#, key), ["read_as_form"]);
    assert_eq!(body_mistake(JSON, serde_json::to_string(JSON).unwrap()), ["encoded_twice"]);
    let buffer = serde_json::json!({ "type": "Buffer", "data": JSON.as_bytes() }).to_string();
    assert_eq!(body_mistake(JSON, buffer), ["buffer_as_json"]);
    assert_eq!(body_mistake(JSON, STANDARD.encode(JSON)), ["base64_body"]);
    // It could be read as a form as well: a field PQ, whose value is =.
    assert_eq!(body_mistake("=", STANDARD.encode("=")), ["base64_body"]);
}

#[test]
fn empty_and_overlong_bodies_are_named() {
    // An attacker who has seen an empty body signed proves nothing about another.
    assert_eq!(body_mistake("", r#"{"transfer":1000000}"#), [""; 0]);
    assert_eq!(body_mistake("", "{}"), ["empty_replaced"]);
    assert_eq!(body_mistake("", "null"), ["empty_replaced"]);
    assert_eq!(body_mistake("", "\0\0"), ["nul_padded"]);
    assert_eq!(body_mistake("{}", ""), ["empty_dropped"]);
    assert_eq!(body_mistake(JSON, format!("{JSON}\0\0\0\0")), ["nul_padded"]);
    let mut headers = signed(JSON);
    headers.extend(header("Content-Length", JSON.len().to_string()));
    let held = format!("{JSON}rest of the buffer");
    assert_eq!(codes(&ask(Scheme::QLIK, &[SECRET], &headers, held.as_bytes())), ["too_long"]);
}

#[test]
fn what_cannot_be_proven_is_hinted_at() {
    let say = |headers: &Headers, body: &[u8]| hints(&ask(Scheme::QLIK, &[SECRET], headers, body));
    let with = |name: &str, value: &str| {
        let mut headers = signed("what the sender signed");
        headers.extend(header(name, value));
        headers
    };
    // gzip: the compressed bytes were signed, and a proxy or a client took the compression off; or the other way round.
    assert_eq!(say(&with("content-encoding", "gzip"), JSON.as_bytes()), ["decompressed_body"]);
    assert_eq!(say(&signed(JSON), b"\x1f\x8b\x08\0\0\0\0\0\0\x03"), ["compressed_body"]);
    assert_eq!(say(&signed(JSON), b""), ["empty_body"]);
    let cut = &JSON.as_bytes()[..JSON.len() - 9];
    assert_eq!(say(&signed(JSON), cut), ["cut_json"]);
    assert_eq!(say(&with("content-length", "4000"), b"x"), ["truncated_body"]);
    assert_eq!(say(&signed(JSON), "caf\u{fffd}".as_bytes()), ["replacement_character"]);
    assert_eq!(say(&signed(JSON), b"[object Object]"), ["object_object"]);
}
