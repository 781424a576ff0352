//! What a check has found, and how it is told.

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Verdict {
    Ok,
    Warning,
    Problem,
}

impl Verdict {
    const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

/// One line of the report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Finding {
    pub check: &'static str,
    pub verdict: Verdict,
    pub message: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Finding {
    pub(super) fn ok(check: &'static str, message: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, message: message.into(), remedy: None }
    }

    pub(super) fn warning(
        check: &'static str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { check, verdict: Verdict::Warning, message: message.into(), remedy: Some(remedy.into()) }
    }

    pub(super) fn problem(
        check: &'static str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self { check, verdict: Verdict::Problem, message: message.into(), remedy: Some(remedy.into()) }
    }

    /// Verdict, check, what was found, and what to do.
    pub(super) fn line(&self) -> String {
        let Self { check, verdict, message, remedy } = self;
        let mut line = format!("{:<8} {check:<14} {message}", verdict.word());
        if let Some(remedy) = remedy {
            line.push_str(" → ");
            line.push_str(remedy);
        }
        // What the operating system or a file says may have several lines.
        line.replace('\n', " ")
    }
}

/// All there is, for machines.
#[derive(Serialize)]
pub(super) struct Report<'a> {
    /// `ok`, `warning` or `problem`: the worst of all.
    pub verdict: Verdict,
    pub checks: &'a [Finding],
}

/// The worst that was found.
pub(super) fn worst(findings: &[Finding]) -> Verdict {
    let has = |verdict| findings.iter().any(|finding| finding.verdict == verdict);
    if has(Verdict::Problem) {
        Verdict::Problem
    } else if has(Verdict::Warning) {
        Verdict::Warning
    } else {
        Verdict::Ok
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_is_one_line_with_what_to_do() {
        let fine = Finding::ok("clock", "it is late");
        assert_eq!(fine.line(), "ok       clock          it is late");
        let bad = Finding::problem("disk", "it\nis full", "buy another");
        assert_eq!(bad.line(), "problem  disk           it is full → buy another");
        assert_eq!(worst(&[]), Verdict::Ok);
        let odd = Finding::warning("key", "m", "r");
        assert_eq!(worst(&[fine.clone(), odd.clone()]), Verdict::Warning);
        assert_eq!(worst(&[odd, bad, fine]), Verdict::Problem);
    }
}
