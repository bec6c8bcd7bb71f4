//! What a request says: method, path, headers and body with places to fill in, and what its answer is checked for.
mod check;
mod rows;
mod template;

pub(super) use check::text_of;
pub use check::{Answer, Check};
pub use rows::Rows;
pub use template::{Place, Template};

use super::Share;
use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{HeaderName, HeaderValue};
use hyper::{Method, Request, Uri};
use std::sync::atomic::{AtomicUsize, Ordering};

/// The name of the key in every template.
pub const KEY: &str = "key";

/// How the requests of one class are made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// How it asks.
    pub method: Method,
    /// What for; begins with a slash.
    pub path: Template,
    /// What else it says.
    pub headers: Vec<(HeaderName, Template)>,
    /// What it brings; nothing when it is empty.
    pub body: Template,
    /// What the answer must be.
    pub checks: Vec<Check>,
}

/// How the requests of all classes are made.
#[derive(Debug)]
pub struct Recipes {
    /// One for each class, in their order.
    pub classes: Vec<Recipe>,
    /// What the templates' columns are filled with, row after row, and again from the first.
    pub rows: Rows,
    next_row: AtomicUsize,
    /// How many rows it goes on from request to request.
    step: usize,
}

impl PartialEq for Recipes {
    fn eq(&self, other: &Self) -> bool {
        self.classes == other.classes && self.rows == other.rows
    }
}

impl Eq for Recipes {}

impl Recipe {
    /// Whether one request is like the other.
    pub(super) fn is_constant(&self) -> bool {
        let mut templates =
            [&self.path, &self.body].into_iter().chain(self.headers.iter().map(|(_, value)| value));
        templates.all(|template| !template.has_places())
    }

    /// A GET of this path.
    pub fn get(path: Template) -> Self {
        Self { method: Method::GET, path, headers: Vec::new(), body: Template::default(), checks: Vec::new() }
    }

    /// The request with these values in its places, in the order of their names.
    ///
    /// # Errors
    /// A sentence, when a value cannot stand where the template puts it.
    pub fn request(&self, values: &[&str]) -> Result<Request<Full<Bytes>>, String> {
        let path = self.path.render(values, Place::Path);
        let uri: Uri = path.parse().map_err(|_| format!("\"{path}\" cannot be the path of a request"))?;
        let mut request = Request::new(Full::new(Bytes::from(self.body.render(values, Place::Body))));
        *request.uri_mut() = uri;
        *request.method_mut() = self.method.clone();
        for (name, template) in &self.headers {
            let value = template.render(values, Place::Header);
            let value = HeaderValue::from_str(&value).map_err(|_| {
                format!("{name}: a header cannot say {value:?}: control characters are not taken")
            })?;
            request.headers_mut().append(name, value);
        }
        Ok(request)
    }
}

impl Recipes {
    /// Of these classes, filled from these rows. Every recipe is tried with every row that it uses.
    ///
    /// # Errors
    /// A sentence, when a request cannot be made.
    pub fn new(classes: Vec<Recipe>, rows: Rows) -> Result<Self, String> {
        let recipes = Self { classes, rows, next_row: AtomicUsize::new(0), step: 1 };
        for recipe in &recipes.classes {
            // Where nothing is filled in, one row is like another.
            let tried = if recipe.headers.iter().any(|(_, value)| value.has_places()) {
                recipes.rows.len()
            } else {
                1
            };
            for row in 0..tried.max(1) {
                recipe.request(&recipes.values("0", row))?;
            }
        }
        Ok(recipes)
    }

    /// The same, where others take the rest of the rows.
    #[must_use]
    pub fn shared(mut self, share: Share) -> Self {
        let (number, of) = share.place();
        self.next_row = AtomicUsize::new(number as usize);
        self.step = of as usize;
        self
    }

    /// The next request of a class, with this key.
    pub(super) fn request(&self, class: u16, key: u64) -> Request<Full<Bytes>> {
        let row = if self.rows.is_empty() {
            0
        } else {
            self.next_row.fetch_add(self.step, Ordering::Relaxed) % self.rows.len()
        };
        let key = key.to_string();
        let made = self.classes[usize::from(class)].request(&self.values(&key, row));
        made.expect("`new` has tried every row, and paths and bodies take every value")
    }

    /// What stands in the places of all names: the key, then the row.
    fn values<'v>(&'v self, key: &'v str, row: usize) -> Vec<&'v str> {
        let row = self.rows.row(row).iter().map(String::as_str);
        std::iter::once(key).chain(row).collect()
    }

    /// The checks of all classes, one after the other, as a failed check counts them.
    pub fn checks(&self) -> impl Iterator<Item = &Check> {
        self.classes.iter().flat_map(|recipe| &recipe.checks)
    }

    /// How many checks stand before those of this class.
    pub(super) fn checks_before(&self, class: u16) -> usize {
        self.classes[..usize::from(class)].iter().map(|recipe| recipe.checks.len()).sum()
    }
}
