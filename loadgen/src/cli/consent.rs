//! This user's token: a target beyond this machine shows with it that it may be loaded.
use super::Failure;
use crate::attack::{Target, consents};
use crate::entropy;
use crate::store::Store;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Beside the runs.
const FILE: &str = "consent-token";

/// Lets a target be loaded: this machine always, another one when it consents to this user.
pub(super) async fn ask(target: &Target) -> Result<(), Failure> {
    if target.address.ip().is_loopback() {
        return Ok(());
    }
    let store = Store::of_this_user().map_err(|fault| Failure::Went(fault.to_string()))?;
    let folder = store.folder().parent().unwrap_or(store.folder());
    let token = token(folder).map_err(|why| {
        Failure::Went(format!(
            "the token that a target consents with ({}): {why}",
            folder.join(FILE).display()
        ))
    })?;
    consents(target, &token).await.map_err(|fault| Failure::Input(fault.to_string()))
}

/// The token, drawn when it is first asked for: the file on a target stays good from run to run.
fn token(folder: &Path) -> io::Result<String> {
    let path = folder.join(FILE);
    match fs::read_to_string(&path) {
        Ok(text) => {
            let token = text.trim();
            let sound = token.len() == 32 && token.bytes().all(|b| b.is_ascii_hexdigit());
            sound.then(|| token.to_owned()).ok_or_else(|| io::Error::other("it is damaged: remove it"))
        }
        Err(why) if why.kind() == io::ErrorKind::NotFound => {
            let token = entropy::hex(16)?;
            fs::create_dir_all(folder)?;
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
            file.and_then(|mut file| writeln!(file, "{token}")).map(|()| token)
        }
        Err(why) => Err(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn the_token_is_drawn_once_and_is_this_user_s_alone() {
        let folder = std::env::temp_dir().join(format!("consent-{}", entropy::hex(8).unwrap()));
        let first = token(&folder).unwrap();
        assert_eq!(token(&folder).unwrap(), first);
        let mode = fs::metadata(folder.join(FILE)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::write(folder.join(FILE), "../../etc/passwd").unwrap();
        assert!(token(&folder).unwrap_err().to_string().contains("damaged"));
        fs::remove_dir_all(&folder).unwrap();
    }
}
