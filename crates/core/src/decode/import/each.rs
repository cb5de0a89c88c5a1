//! What does one object of a platform's archive hold? Posts, or nothing that is one.

use super::super::ArchiveLine;

/// One thing that an object says.
#[allow(clippy::large_enum_variant, reason = "it is handed on at once and never kept")]
pub(in super::super) enum Frame<'a> {
    /// A post.
    Post(ArchiveLine<'a>),
    /// Something that is not a post by nature, or was taken back: a like, a boost, `[deleted]`.
    Nothing,
}

/// Takes what an object says, or what is wrong with it.
pub(super) type Each<'f, 'a> = &'f mut dyn FnMut(Result<Frame<'a>, String>);
