//! Tells cargo when the pages have to be embedded anew. They are built by Node; without them the server builds too.

fn main() {
    let built = "../www/dist";
    // A folder that is not there would have cargo build anew each time.
    let watched = if std::path::Path::new(built).is_dir() { built } else { "../www" };
    println!("cargo::rerun-if-changed={watched}");
    println!("cargo::rerun-if-changed=build.rs");
}
