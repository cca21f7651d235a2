//! The vendor's list of status codes: what a body's `status` may say.

/// What came of a call. The vendor answers it in the body, as a string of digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    Success,
    Malformed,
    Unauthorized,
    Denied,
    /// Only of an address that is no endpoint; not on the vendor's list.
    NoEndpoint,
    NotVerified,
    /// Not on the vendor's list: the operator's rate.
    TooMany,
    NoFace,
    FaceTooSmall,
    UnknownUser,
    UnknownGallery,
    /// Not on the vendor's list; callers look for it.
    GalleryExists,
    ImageNull,
    UserIdNull,
    UserNameNull,
    GalleryNull,
    TargetImageNull,
    SourceImageNull,
    ImageUndecodable,
    ImageUnrecognized,
    TargetImageUndecodable,
    TargetImageUnrecognized,
    SourceImageUndecodable,
    SourceImageUnrecognized,
    ServerError,
}

impl Status {
    /// The digits, and what they mean in the vendor's words.
    fn line(self) -> (&'static str, &'static str) {
        match self {
            Self::Success => ("200", "Success"),
            Self::Malformed => ("400", "Request malformed"),
            Self::Unauthorized => ("401", "Accesstoken not authorized"),
            Self::Denied => ("403", "Requested resource denied"),
            Self::NoEndpoint => ("404", "There is no such endpoint"),
            Self::TooMany => ("429", "Too many requests"),
            Self::NotVerified => ("411", "Face not verified or unregistered"),
            Self::NoFace => ("412", "Face not detected"),
            Self::FaceTooSmall => ("413", "Face too small"),
            Self::UnknownUser => ("415", "user_id not found"),
            Self::UnknownGallery => ("416", "facegallery_id not found"),
            Self::GalleryExists => ("417", "facegallery_id already exists"),
            Self::ImageNull => ("451", "image is null"),
            Self::UserIdNull => ("452", "user_id is null"),
            Self::UserNameNull => ("453", "user_name is null"),
            Self::GalleryNull => ("454", "facegallery_id is null"),
            Self::TargetImageNull => ("455", "target_image is null"),
            Self::SourceImageNull => ("456", "source_image is null"),
            Self::ImageUndecodable => ("490", "Cannot decode image base64"),
            Self::ImageUnrecognized => ("491", "image type not recognized"),
            Self::TargetImageUndecodable => ("492", "Cannot decode target_image base64"),
            Self::TargetImageUnrecognized => ("493", "target_image type not recognized"),
            Self::SourceImageUndecodable => ("494", "Cannot decode source_image base64"),
            Self::SourceImageUnrecognized => ("495", "source_image type not recognized"),
            Self::ServerError => ("500", "Server error"),
        }
    }

    /// The digits.
    pub fn code(self) -> &'static str {
        self.line().0
    }

    /// The meaning.
    pub fn message(self) -> &'static str {
        self.line().1
    }
}

/// The field that a picture came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImageField {
    Image,
    Target,
    Source,
}

impl ImageField {
    pub fn key(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Target => "target_image",
            Self::Source => "source_image",
        }
    }

    /// It is not there.
    pub fn null(self) -> Status {
        match self {
            Self::Image => Status::ImageNull,
            Self::Target => Status::TargetImageNull,
            Self::Source => Status::SourceImageNull,
        }
    }

    /// It is no base64.
    pub fn undecodable(self) -> Status {
        match self {
            Self::Image => Status::ImageUndecodable,
            Self::Target => Status::TargetImageUndecodable,
            Self::Source => Status::SourceImageUndecodable,
        }
    }

    /// It is base64, and not of a picture that can be used.
    pub fn unrecognized(self) -> Status {
        match self {
            Self::Image => Status::ImageUnrecognized,
            Self::Target => Status::TargetImageUnrecognized,
            Self::Source => Status::SourceImageUnrecognized,
        }
    }
}
