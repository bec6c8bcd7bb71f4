//! A part: what becomes a service of docker-compose, or a workload of Kubernetes.

/// Where the parts will run: what their names look like to one another, and how the platform fills in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Site<'s> {
    /// docker-compose: a part is known by its name.
    Compose,
    /// Kubernetes: resolvers that do not search domains need the whole name, with the namespace.
    Kubernetes {
        /// The namespace.
        namespace: &'s str,
    },
}

impl Site<'_> {
    /// The name of a part, for who asks a resolver itself.
    pub(super) fn whole_name(self, part: &str) -> String {
        match self {
            Self::Compose => part.to_owned(),
            Self::Kubernetes { namespace } => format!("{part}.{namespace}.svc.cluster.local"),
        }
    }
}

/// What runs in a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Image {
    /// This image.
    Of(String),
    /// The person's own, which has not been given.
    Missing,
}

/// How one sees that it serves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Health {
    /// `GET /healthz` on this port answers 200.
    Http(u16),
    /// This command ends well inside it.
    Runs(Vec<&'static str>),
}

/// A value in the environment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    /// This text.
    Text(String),
    /// A secret of this name, which a person supplies.
    Secret(&'static str),
    /// Something else that a person supplies under this name.
    Supplied(String),
}

/// A file in a part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct File {
    /// Its name in a list of files: letters, digits, dots and hyphens.
    pub(super) name: &'static str,
    /// Where it stands in the part.
    pub(super) path: &'static str,
    /// What it says.
    pub(super) content: String,
}

/// A part. Several alike, or one that keeps something of its own.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// A DNS label; no other part has it.
    pub(super) name: String,
    /// The node's place in the plan.
    pub(super) node: usize,
    pub(super) image: Image,
    /// How many alike, ≥ 1.
    pub(super) instances: u16,
    pub(super) port: Option<u16>,
    pub(super) health: Option<Health>,
    pub(super) files: Vec<File>,
    /// What it runs; the image's own when empty.
    pub(super) command: Vec<String>,
    pub(super) environment: Vec<(String, Setting)>,
    /// Cores at most.
    pub(super) cores: Option<u32>,
    /// MiB of memory at most.
    pub(super) memory_mib: Option<u64>,
    /// Where it keeps what must outlive it.
    pub(super) data: Option<&'static str>,
    /// The user that it runs as: a name in the image, and its number.
    pub(super) user: Option<(&'static str, u32)>,
    /// The names of the parts that must serve before it starts.
    pub(super) after: Vec<String>,
    /// Whether users call it.
    pub(super) entry: bool,
}

impl Part {
    pub(super) fn new(name: String, node: usize, image: Image) -> Self {
        Self {
            name,
            node,
            image,
            instances: 1,
            port: None,
            health: None,
            files: Vec::new(),
            command: Vec::new(),
            environment: Vec::new(),
            cores: None,
            memory_mib: None,
            data: None,
            user: None,
            after: Vec::new(),
            entry: false,
        }
    }

    /// One that is asked over HTTP.
    pub(super) fn serving(mut self, port: u16, health: Health) -> Self {
        self.port = Some(port);
        self.health = Some(health);
        self
    }

    pub(super) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.environment.push((name.to_owned(), Setting::Text(value.into())));
    }
}

/// The name of a variable made of a node's id: capitals, digits and underscores.
pub(super) fn variable(id: &str, suffix: &str) -> String {
    let stem: String =
        id.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    format!("{stem}{suffix}")
}
