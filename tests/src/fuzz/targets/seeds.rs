//! What the fuzzers begin with: the vectors, in the form of each target's input.

use anyhow::{Context as _, Result, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sigpost_core::json::{Canonical, Limits, View};

use super::schemes;
use super::verify::Message;
use crate::workspace;

fn read(file: &str) -> Result<String> {
    let path = workspace::root().join("tests/vectors").join(file);
    std::fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
}

/// The entries of a file of vectors, under that key.
fn vectors(file: &str, key: &str) -> Result<Vec<Value>> {
    let mut parsed: Value = serde_json::from_str(&read(file)?).with_context(|| file.to_owned())?;
    let Value::Array(entries) = parsed[key].take() else { bail!("{file} holds no {key}") };
    Ok(entries)
}

/// The files of vectors in a folder, in order.
fn files(folder: &str) -> Result<Vec<String>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(workspace::root().join("tests/vectors").join(folder))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if name.ends_with(".json") {
            files.push(format!("{folder}/{name}"));
        }
    }
    files.sort();
    Ok(files)
}

/// Documents, right and wrong.
pub(super) fn documents() -> Result<Vec<Vec<u8>>> {
    let mut documents = Vec::new();
    for file in ["canonical/valid.json", "canonical/invalid.json"] {
        for vector in vectors(file, "vectors")? {
            documents.push(match vector["input"].as_str() {
                Some(text) => text.as_bytes().to_vec(),
                None => STANDARD.decode(vector["input_base64"].as_str().unwrap_or_default())?,
            });
        }
    }
    Ok(documents)
}

/// Requests under the presets, each with the byte that stands for its scheme.
pub(super) fn requests() -> Result<Vec<Vec<u8>>> {
    let mut requests = Vec::new();
    for file in files("signature")? {
        for case in vectors(&file, "cases")? {
            let scheme = schemes::all().iter().position(|scheme| case["scheme"] == scheme.name());
            let (Some(scheme), Some(body)) = (scheme, case["body"]["text"].as_str()) else { continue };
            let mut request = vec![u8::try_from(scheme)?];
            for header in case["headers"].as_array().into_iter().flatten() {
                request.extend(header[0].as_str().unwrap_or_default().bytes());
                request.push(b':');
                // Code points that are bytes.
                let value = header[1].as_str().unwrap_or_default();
                request.extend(value.chars().filter_map(|c| u8::try_from(u32::from(c)).ok()));
                request.push(b'\n');
            }
            request.push(b'\n');
            request.extend(body.bytes());
            requests.push(request);
        }
    }
    Ok(requests)
}

/// Requests under the presets as the target `explain` has them, then documents: over and over until each mistake has
/// met each preset.
pub(super) fn questions() -> Result<Vec<Vec<u8>>> {
    let requests = requests()?.into_iter().map(|request| (request[0], request[1..].to_vec()));
    let documents = documents()?.into_iter().zip(0..=u8::MAX);
    let documents = documents.map(|(document, place)| (place, [b"\n\n", &*document].concat()));
    let questions = requests.chain(documents).zip((0..14).cycle());
    Ok(questions
        .enumerate()
        .map(|(place, ((scheme, request), mistake))| {
            let [shape, effort] =
                [place % 6, place % 256].map(|number| u8::try_from(number).unwrap_or_default());
            [&[scheme, shape, mistake, effort][..], &request].concat()
        })
        .collect())
}

/// Messages: each scheme with some documents, verified at once, in time, late and early.
pub(super) fn messages() -> Result<Vec<Vec<u8>>> {
    let documents = documents()?;
    let mut messages = Vec::new();
    for (place, document) in documents.iter().enumerate() {
        let (scheme, later) =
            (u8::try_from(place % schemes::all().len())?, [0, 5, 300, 301, -301, -6][place % 6]);
        let message = Message {
            scheme,
            id: "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W".into(),
            time: 1_700_000_000,
            later,
            place: u16::try_from(place)?,
            flip: 1 << (place % 8),
            body: document,
        };
        messages.push(message.write());
    }
    Ok(messages)
}

/// Filters, right and wrong. Their vectors hold strings that are no text, which `serde_json` does not read.
pub(super) fn filters() -> Result<Vec<Vec<u8>>> {
    let mut filters = Vec::new();
    for file in files("filter")? {
        let text = read(&file)?;
        let parsed = Canonical::parse(text.as_bytes(), Limits::default()).with_context(|| file.clone())?;
        let cases = parsed.view().get("cases").and_then(View::elements);
        let texts =
            cases.into_iter().flatten().filter_map(|case| Some(case.get("filter")?.as_str()?.into_owned()));
        filters.extend(texts.map(String::into_bytes));
    }
    Ok(filters)
}
