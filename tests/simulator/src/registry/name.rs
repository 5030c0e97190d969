//! The full name of an image, as Docker reads it.

use crate::console::ImageName;

/// Docker Hub's name, and the two names of its servers.
/// Source: distribution/reference, `splitDockerDomain`; moby/moby, registry/config.go.
const DOCKER_HUB: [&str; 3] = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/// An image by its registry, its repository there and its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FullName {
    pub(super) host: String,
    pub(super) repository: String,
    pub(super) tag: String,
}

impl FullName {
    /// Reads a name by Docker's rule: without a registry it is Docker Hub's, and what has no namespace there is in `library`.
    /// Source: distribution/reference, `ParseNormalizedNamed` and `TagNameOnly`.
    ///
    /// # Panics
    ///
    /// When the image is named by a digest, which only its content decides.
    pub(super) fn parse(name: &str) -> Self {
        let parts = ImageName::parse(name);
        assert!(parts.digest.is_empty(), "{name} must be named by a tag: its digest is that of its content");
        let host = host(if parts.registry.is_empty() { DOCKER_HUB[0] } else { parts.registry });
        let in_library = host == DOCKER_HUB[0] && !parts.repository.contains('/');
        let repository = if in_library { format!("library/{}", parts.repository) } else { parts.repository.to_owned() };
        let tag = if parts.tag.is_empty() { "latest" } else { parts.tag };
        Self { host: host.to_owned(), repository, tag: tag.to_owned() }
    }

    /// Reads `repository:tag` of a registry.
    pub(super) fn of(host: &str, name: &str) -> Self {
        let (repository, tag) = name.rsplit_once(':').unwrap_or((name, "latest"));
        Self { host: host.to_owned(), repository: repository.to_owned(), tag: tag.to_owned() }
    }

    /// Returns `repository:tag`.
    pub(super) fn in_registry(&self) -> String {
        format!("{}:{}", self.repository, self.tag)
    }
}

/// Returns an image's name with all that may be left out of it: `httpd` is `docker.io/library/httpd:latest`.
///
/// # Panics
///
/// When it is named by a digest.
pub(crate) fn whole_name(name: &str) -> String {
    let name = FullName::parse(name);
    format!("{}/{}", name.host, name.in_registry())
}

/// Returns the one name of a registry.
pub(super) fn host(host: &str) -> &str {
    if DOCKER_HUB.contains(&host) { DOCKER_HUB[0] } else { host }
}

#[cfg(test)]
mod tests {
    use super::FullName;

    #[test]
    fn names_are_completed_as_docker_does() {
        let cases = [
            ("httpd", "docker.io library/httpd:latest"),
            ("httpd:2.4", "docker.io library/httpd:2.4"),
            ("team/httpd:2.4", "docker.io team/httpd:2.4"),
            ("docker.io/httpd:2.4", "docker.io library/httpd:2.4"),
            ("index.docker.io/team/httpd", "docker.io team/httpd:latest"),
            ("public.ecr.aws/httpd:2.4", "public.ecr.aws httpd:2.4"),
            ("registry.example.test:5000/team/app/web:1", "registry.example.test:5000 team/app/web:1"),
            ("localhost/app", "localhost app:latest"),
        ];
        for (name, expected) in cases {
            let found = FullName::parse(name);
            assert_eq!(format!("{} {}", found.host, found.in_registry()), expected, "{name}");
            assert_eq!(FullName::of(&found.host, &found.in_registry()), found, "{name}");
        }
    }
}
