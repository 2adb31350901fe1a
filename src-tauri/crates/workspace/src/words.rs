//! Settings that are one word out of a few: the words stand once and drive reading, writing, hints and the JSON Schema.

/// Declares an enum whose variants are words of the document.
macro_rules! words {
    ($(#[$about:meta])* pub enum $name:ident { $($(#[$variant_about:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name { $($(#[$variant_about])* $variant,)+ }

        impl $name {
            /// Every word, in the order of the documentation.
            pub const WORDS: &'static [&'static str] = &[$($word,)+];

            /// Returns the word as it stands in the document.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Returns the value for a word of the document.
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.word())
            }
        }
    };
}

words! {
    /// How a connection is encrypted and its server checked, in libpq's words.
    pub enum Tls {
        /// No encryption.
        Disable = "disable",
        /// Encryption only where the server insists.
        Allow = "allow",
        /// Encryption where the server offers it, unchecked.
        Prefer = "prefer",
        /// Encryption always, the server unchecked.
        Require = "require",
        /// Encryption always, the server's certificate checked against the trusted authorities.
        VerifyCa = "verify-ca",
        /// Encryption always, certificate and host name checked.
        VerifyFull = "verify-full",
    }
}

words! {
    /// How a SQL Server connection is encrypted.
    pub enum SqlServerTls {
        /// Only the sign-in is encrypted.
        Optional = "optional",
        /// Everything is encrypted, the server's certificate checked.
        Required = "required",
    }
}

words! {
    /// How a Snowflake user proves who they are.
    pub enum SnowflakeAuth {
        /// A signed token made from an RSA key pair; the secret is the private key.
        KeyPair = "key-pair",
        /// A programmatic access token; the secret is the token.
        Token = "token",
        /// A password.
        Password = "password",
    }
}

words! {
    /// The colour that marks a connection wherever it is named.
    pub enum Color {
        /// Red.
        Red = "red",
        /// Orange.
        Orange = "orange",
        /// Yellow.
        Yellow = "yellow",
        /// Green.
        Green = "green",
        /// Teal.
        Teal = "teal",
        /// Blue.
        Blue = "blue",
        /// Purple.
        Purple = "purple",
        /// Gray.
        Gray = "gray",
    }
}

words! {
    /// What a run reads of a table.
    pub enum SyncMode {
        /// What changed since the watermark.
        Incremental = "incremental",
        /// Everything, every time.
        Full = "full",
    }
}

words! {
    /// What happens in the target to rows that vanished from the source.
    pub enum DeleteMode {
        /// Nothing.
        Ignore = "ignore",
        /// They are marked.
        Soft = "soft",
        /// They are deleted.
        Hard = "hard",
    }
}

words! {
    /// What happens when the source's columns no longer match the target's.
    pub enum DriftMode {
        /// New columns are added and types widened.
        Add = "add",
        /// New columns are left out.
        Ignore = "ignore",
        /// The table stops.
        Stop = "stop",
    }
}

words! {
    /// What becomes of a value that the target's type cannot hold.
    pub enum UnfitMode {
        /// Its row is kept aside.
        Reject = "reject",
        /// It becomes NULL, and is counted.
        Null = "null",
    }
}

words! {
    /// The format of files that are read.
    pub enum FileFormat {
        /// Comma-separated text, gzip by its file name.
        Csv = "csv",
    }
}
