//! The names EC2 gives the parts of a network. They are compared and printed, and nothing is read out of them.

use std::fmt;

/// Makes a type of its own for the ids of one kind of thing, so that a subnet is never taken for a group.
macro_rules! opaque {
    ($($(#[$meta:meta])* $name:ident;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.to_owned())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

opaque! {
    /// Such as `vpc-0123456789abcdef0`.
    VpcId;
    /// Such as `subnet-0123456789abcdef0`.
    SubnetId;
    /// Such as `sg-0123456789abcdef0`.
    SecurityGroupId;
    /// Such as `acl-0123456789abcdef0`.
    NetworkAclId;
    /// Such as `rtb-0123456789abcdef0`.
    RouteTableId;
    /// Such as `nat-0123456789abcdef0`.
    NatGatewayId;
    /// Such as `pl-0123456789abcdef0`.
    PrefixListId;
}
