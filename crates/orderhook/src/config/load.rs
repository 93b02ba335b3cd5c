//! Where settings come from, the strongest first: flags, the environment, the project's file, what
//! `serve --dev` left in this folder, the user's file, the defaults.

use std::io;
use std::path::{Path, PathBuf};

use figment::providers::{Data, Format as _, Toml};
use figment::value::{Dict, Map, Value};
use figment::{Figment, Metadata, Profile, Provider};

use super::keys::{KnownKeys, leaves};
use super::{Config, ConfigError, DEFAULTS, Problem, check, encryption_keys};

const ENVIRONMENT_PREFIX: &str = "ORDERHOOK_";
/// The origin of a value that nobody set.
pub(super) const DEFAULT: &str = "default";

/// What settings are looked for in.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    /// Flags of the command line.
    pub(crate) flags: Vec<Flag>,
    /// Names and values of the environment, those of other programs included.
    pub(crate) environment: Vec<(String, String)>,
    /// The project's file, which need not exist, or the one that was asked for, which must.
    pub(crate) project_file: PathBuf,
    /// Whether the project's file was asked for.
    pub(crate) must_exist: bool,
    /// The user's file, which need not exist.
    pub(crate) user_file: Option<PathBuf>,
    /// What a server that is tried out leaves for the commands beside it, which need not exist.
    pub(crate) dev_file: PathBuf,
}

/// A setting on the command line.
#[derive(Debug)]
pub(crate) struct Flag {
    /// The key that it sets.
    pub(crate) key: &'static str,
    /// The flag as the user writes it, such as `--server`.
    pub(crate) name: &'static str,
    /// The value, or for a secret the file that it stands in.
    pub(crate) value: FlagValue,
}

/// How a flag gives its value.
#[derive(Debug)]
pub(crate) enum FlagValue {
    /// Right there.
    Text(String),
    /// In a file, because everyone on the machine can read a command line.
    InFile(PathBuf),
}

/// The settings, and where each of them comes from.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// The settings.
    pub(crate) config: Config,
    figment: Figment,
}

impl Loaded {
    /// The file, variable or flag that the value of `key` stands in.
    pub(crate) fn origin(&self, key: &str) -> String {
        origin(&self.figment, key)
    }

    pub(super) fn value(&self, key: &str) -> Option<Value> {
        self.figment.find_value(key).ok()
    }
}

/// Finds every setting.
///
/// # Errors
/// [`ConfigError`] has every unknown key and every value that breaks a rule; what can't be read at
/// all hides what is wrong besides.
pub(crate) fn load(sources: &Sources) -> Result<Loaded, ConfigError> {
    let known = KnownKeys::read()?;
    let mut layers = vec![Layer::of_text(DEFAULT.to_owned(), DEFAULTS)?];
    if let Some(path) = &sources.user_file {
        layers.extend(Layer::of_file(path, false)?);
    }
    layers.extend(Layer::of_file(&sources.dev_file, false)?);
    layers.extend(Layer::of_file(&sources.project_file, sources.must_exist)?);

    let mut problems = Vec::new();
    for layer in &layers {
        layer.refuse_unknown_keys(&known, &mut problems);
    }
    for (name, text) in &sources.environment {
        match Layer::of_variable(name, text, &known) {
            Ok(layer) => layers.extend(layer),
            Err(problem) => problems.push(problem),
        }
    }
    for flag in &sources.flags {
        match Layer::of_flag(flag, &known) {
            Ok(layer) => layers.push(layer),
            Err(problem) => problems.push(problem),
        }
    }
    if !problems.is_empty() {
        return Err(ConfigError(problems));
    }

    let figment = layers.into_iter().fold(Figment::new(), Figment::merge);
    let config = figment
        .extract()
        .map_err(|error| ConfigError(error.into_iter().map(|e| wrong_value(&e)).collect()))?;
    let mut loaded = Loaded { config, figment };
    read_encryption_keys(&mut loaded)?;
    read_database_password(&mut loaded)?;
    check::rules(&loaded)?;
    Ok(loaded)
}

/// Settings of one origin.
pub(super) struct Layer {
    origin: String,
    pub(super) settings: Dict,
}

impl Layer {
    pub(super) fn of_text(origin: String, text: &str) -> Result<Self, Problem> {
        let data = toml(text).data();
        let mut profiles = data.map_err(|error| problem(&origin, "", first_line(&error)))?;
        let settings = profiles.remove(&Profile::Default).unwrap_or_default();
        Ok(Self { origin, settings })
    }

    fn of_file(path: &Path, must_exist: bool) -> Result<Option<Self>, Problem> {
        let origin = path.display().to_string();
        match std::fs::read_to_string(path) {
            Ok(text) => Self::of_text(origin, &text).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound && !must_exist => Ok(None),
            Err(error) => Err(problem(&origin, "", format!("can't be read: {error}"))),
        }
    }

    /// `None` for a variable of another program, and for an empty one.
    fn of_variable(name: &str, text: &str, known: &KnownKeys) -> Result<Option<Self>, Problem> {
        let Some(key) = name.strip_prefix(ENVIRONMENT_PREFIX) else {
            return Ok(None);
        };
        let key = key.to_ascii_lowercase().replace("__", ".");
        let origin = format!("environment variable {name}");
        let Some(example) = known.example(&key) else {
            let nearest = known.nearest(&key).map(variable);
            return Err(problem(&origin, &key, unknown(nearest.as_deref())));
        };
        if text.is_empty() && !matches!(example, Value::Array(..)) {
            return Ok(None);
        }
        Self::of_setting(origin, &key, text, example).map(Some)
    }

    fn of_flag(flag: &Flag, known: &KnownKeys) -> Result<Self, Problem> {
        let (origin, text) = match &flag.value {
            FlagValue::Text(text) => (flag.name.to_owned(), text.clone()),
            FlagValue::InFile(path) => {
                let origin = format!("{} {}", flag.name, path.display());
                let text = std::fs::read_to_string(path)
                    .map_err(|error| problem(&origin, "", format!("can't be read: {error}")))?;
                (origin, text.trim().to_owned())
            }
        };
        let example = known.example(flag.key);
        let example = example.ok_or_else(|| problem(&origin, flag.key, unknown(None)))?;
        Self::of_setting(origin, flag.key, &text, example)
    }

    fn of_setting(origin: String, key: &str, text: &str, example: &Value) -> Result<Self, Problem> {
        let value = value_of_text(text, example).map_err(|rule| problem(&origin, key, rule))?;
        let settings = figment::util::nest(key, value);
        Ok(Self {
            settings: settings.into_dict().unwrap_or_default(),
            origin,
        })
    }

    fn refuse_unknown_keys(&self, known: &KnownKeys, problems: &mut Vec<Problem>) {
        leaves(&self.settings, "", &mut |key, _| {
            if known.example(&key).is_none() {
                problems.push(problem(&self.origin, &key, unknown(known.nearest(&key))));
            }
        });
    }
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.origin.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Map::from([(Profile::Default, self.settings.clone())]))
    }
}

/// A value of the kind that `example` has. The error is the rule.
fn value_of_text(text: &str, example: &Value) -> Result<Value, &'static str> {
    match example {
        Value::Bool(..) => match text {
            "true" => Ok(Value::from(true)),
            "false" => Ok(Value::from(false)),
            _ => Err("must be true or false"),
        },
        Value::Num(..) => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(number), _) => Ok(Value::from(number)),
            (_, Ok(number)) => Ok(Value::from(number)),
            _ => Err("must be a number"),
        },
        Value::Array(..) if text.starts_with('[') => match text.parse::<Value>() {
            Ok(list @ Value::Array(..)) => Ok(list),
            _ => Err("must be a list, [A, B] or A,B"),
        },
        Value::Array(..) => {
            let items = text.split(',').map(str::trim);
            let items = items.filter(|item| !item.is_empty());
            Ok(Value::from(items.map(str::to_owned).collect::<Vec<_>>()))
        }
        _ => Ok(Value::from(text)),
    }
}

fn read_encryption_keys(loaded: &mut Loaded) -> Result<(), ConfigError> {
    const KEY: &str = "encryption_keys_file";
    let Some(path) = &loaded.config.encryption_keys_file else {
        return Ok(());
    };
    let origin = loaded.origin(KEY);
    if !loaded.config.encryption_keys.is_empty() {
        let other = loaded.origin("encryption_keys");
        let rule = format!("can't stand beside `encryption_keys` of {other}; leave one out");
        return Err(problem(&origin, KEY, rule).into());
    }
    let text = std::fs::read_to_string(path).map_err(|error| {
        let rule = format!("names {}, which can't be read: {error}", path.display());
        problem(&origin, KEY, rule)
    })?;
    let text = zeroize::Zeroizing::new(text);
    loaded.config.encryption_keys = encryption_keys::parse_file(&text)
        .map_err(|(line, rule)| problem(&format!("{}, line {line}", path.display()), KEY, rule))?;
    Ok(())
}

fn read_database_password(loaded: &mut Loaded) -> Result<(), ConfigError> {
    const KEY: &str = "database_password_file";
    let config = &loaded.config;
    let Some(path) = &config.database_password_file else {
        return Ok(());
    };
    let origin = loaded.origin(KEY);
    if config.database.has_password() {
        let other = loaded.origin("database");
        let rule = format!("can't stand beside the password in `database` of {other}");
        return Err(problem(&origin, KEY, rule).into());
    }
    let text = std::fs::read_to_string(path).map_err(|error| {
        let rule = format!("names {}, which can't be read: {error}", path.display());
        problem(&origin, KEY, rule)
    })?;
    let text = zeroize::Zeroizing::new(text);
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        let rule = format!("names {}, which is empty", path.display());
        return Err(problem(&origin, KEY, rule).into());
    }
    let with_password = config.database.with_password(password);
    let rule = "is for PostgreSQL, and `database` names a SQLite file";
    loaded.config.database = with_password.ok_or_else(|| problem(&origin, KEY, rule))?;
    Ok(())
}

pub(super) fn toml(text: &str) -> Data<Toml> {
    Toml::string(text)
}

fn wrong_value(error: &figment::Error) -> Problem {
    use figment::error::Kind;

    let origin = error.metadata.as_ref().map_or(DEFAULT, |it| &it.name);
    // What stands there is left out: it may be a secret.
    let rule = match &error.kind {
        Kind::InvalidType(_, expected) | Kind::InvalidValue(_, expected) => {
            format!("must be {expected}")
        }
        Kind::UnknownVariant(_, known) => format!("must be one of {}", known.join(", ")),
        Kind::Message(rule) if rule.starts_with("must ") => rule.clone(),
        Kind::Message(rule) => format!("is not valid: {rule}"),
        Kind::UnknownField(field, known) => {
            format!(
                "has the unknown member `{field}`; there are {}",
                known.join(", ")
            )
        }
        Kind::MissingField(field) => format!("has no `{field}`"),
        Kind::ISizeOutOfRange(_) | Kind::USizeOutOfRange(_) => "must be a smaller number".into(),
        other => format!("is not valid: {other}"),
    };
    problem(origin, &error.path.join("."), rule)
}

fn unknown(nearest: Option<&str>) -> String {
    match nearest {
        Some(nearest) => format!("is not a setting; the nearest that exists is `{nearest}`"),
        None => "is not a setting".to_owned(),
    }
}

fn variable(key: &str) -> String {
    ENVIRONMENT_PREFIX.to_owned() + &key.to_ascii_uppercase().replace('.', "__")
}

pub(super) fn origin(figment: &Figment, key: &str) -> String {
    figment
        .find_metadata(key)
        .map_or_else(|| "not set".to_owned(), |it| it.name.to_string())
}

pub(super) fn problem(origin: &str, key: &str, rule: impl Into<String>) -> Problem {
    Problem {
        origin: origin.to_owned(),
        key: key.to_owned(),
        rule: rule.into(),
    }
}

/// The first line alone: those below show the text around the error, which may be a secret.
fn first_line(error: &figment::Error) -> String {
    let text = error.kind.to_string();
    text.lines().next().unwrap_or_default().to_owned()
}
