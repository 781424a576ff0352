//! The canonicaliser against Node, briefly; `cargo xtask fuzz` does it for as long as one likes.

use sigpost_core::json::canonicalize;
use sigpost_tests::fuzz::differential::{Plan, judge, run};
use sigpost_tests::fuzz::oracle::{Answer, Oracle};

#[test]
fn random_documents_are_what_node_makes_of_them() {
    let plan = Plan { seed: 0x5165_b057, documents: 20_000, nodes: 1 };
    let outcome = run(plan, canonicalize, |_| true).unwrap();
    if let Some(mismatch) = outcome.mismatch {
        panic!("{mismatch}");
    }
    assert_eq!(outcome.tally.documents(), plan.documents);
    // A generator that only writes one sort proves nothing.
    assert!((5_000..18_000).contains(&outcome.tally.accepted), "{}", outcome.tally);
}

#[test]
fn deep_documents_are_what_node_makes_of_them_where_it_can() {
    let shapes = [
        ("[ ", " ]", 0),
        ("{\"a\" : ", "}", 1),
        ("[{\"b\":0,\"1\":", "}]", 2),
        ("{\"a\":0,\"a\":[1.0,", "],\"0\":[]}", 3),
    ];
    let deep = |levels: usize| {
        shapes.map(|(open, close, value)| {
            format!("{}{value}.50{}", open.repeat(levels), close.repeat(levels)).into_bytes()
        })
    };
    let mut oracle = Oracle::start().unwrap();
    let mut ask = |levels| {
        let documents = deep(levels);
        let answers = oracle.ask(&documents).unwrap();
        for (document, answer) in documents.iter().zip(&answers) {
            judge(document, answer, canonicalize).unwrap();
        }
        answers
    };
    // Two levels at once, or array indices, need more of Node's stack.
    assert!(ask(1_200).iter().all(|answer| matches!(answer, Answer::Text(_))));
    assert!(ask(4_000)[..2].iter().all(|answer| matches!(answer, Answer::Text(_))));
    assert!(ask(50_000).iter().all(|answer| *answer == Answer::TooDeep));
}
