//! The pages: types checked, built, and put where the server's build embeds them.

use anyhow::{Result, ensure};
use xshell::cmd;

use crate::project::Project;
use crate::steps::Steps;

/// Builds `www/dist`. The npm package, which the playground runs, has to be built by then.
pub(crate) fn pages(project: &Project, steps: &mut Steps) -> Result<()> {
    steps.run("pages", || {
        let www = project.root.join("www");
        ensure!(
            www.join("node_modules").is_dir(),
            "run `npm ci` in {}: its tools are missing",
            www.display()
        );
        let sh = &project.shell;
        let _folder = sh.push_dir(www);
        Ok(cmd!(sh, "npm run --silent build").run()?)
    })
}
