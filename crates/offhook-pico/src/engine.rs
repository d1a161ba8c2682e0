//! The engine behind a safe face.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_void};
use std::{io, ptr};

use ttspico_sys as native;

use crate::{Prosody, Voice, resource};

/// Speaks plain text: mono samples at [`RATE_HZ`](crate::RATE_HZ), the same for the same arguments.
///
/// Blocks while it works: some milliseconds for a sentence, a second or so for 3000 characters. Can be called from
/// any thread, and from several at once.
///
/// The engine takes `<` as the beginning of its own commands, among them some that read and write files. Such
/// characters and control characters are therefore taken out; replace them before if they are to be heard.
///
/// # Errors
///
/// [`SynthesisError`]: the engine's resources could not be written to a temporary file, or the engine failed.
pub fn synthesize(text: &str, voice: Voice, prosody: Prosody) -> Result<Vec<i16>, SynthesisError> {
    let text: String = text
        .chars()
        .map(
            |character| {
                if character == '<' || character == '>' || character.is_control() { ' ' } else { character }
            },
        )
        .collect();
    let mut system = System::new()?;
    system.load(resource::of(voice))?;
    system.start_engine()?;
    system.speak(&prosody.applied_to(text.trim()))
}

/// Why a text could not be spoken.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SynthesisError {
    /// A language resource could not be written where the engine can read it.
    #[error("no temporary file for the speech engine's resources: {0}")]
    TemporaryFile(#[source] io::Error),
    /// The path of the temporary directory is too long for the engine.
    #[error(
        "temporary file {path:?} has too long a name for the speech engine, accepted: {LONGEST_PATH} bytes or less"
    )]
    PathTooLong {
        /// The path of the file.
        path: String,
    },
    /// The engine reported a failure.
    #[error("speech engine failed to {act}: {message} (status {status})")]
    Engine {
        /// What it was to do.
        act: &'static str,
        /// Its status code.
        status: i32,
        /// Its description of the status.
        message: String,
    },
}

/// The engine copies file names into a buffer of 512 bytes, and into messages of 200, without looking at its size.
const LONGEST_PATH: usize = 150;

/// The memory that the engine works in. It allocates none beside, and the largest voice takes about half of it.
const MEMORY_BYTES: usize = 4 << 20;

/// The name under which the resources of the one voice are known to the engine.
const VOICE_NAME: &CStr = c"voice";

/// One instance of the engine's library with at most one voice and one engine.
///
/// Not `Sync`, because of the pointers; the library has no state outside the memory that it is given here, so
/// instances in several threads do not meet.
struct System {
    system: native::pico_System,
    engine: native::pico_Engine,
    resources: Vec<native::pico_Resource>,
    voice_defined: bool,
    /// Owns what all the pointers point into. Of 16-byte units for the alignment; zeroed, so that no result depends
    /// on what the memory held before.
    _memory: Vec<u128>,
}

impl System {
    fn new() -> Result<Self, SynthesisError> {
        let mut memory = vec![0_u128; MEMORY_BYTES / size_of::<u128>()];
        let mut system = ptr::null_mut();
        // SAFETY: the memory is writable, as large as stated, and lives as long as the system, since both are fields
        // of the value made below; moving a `Vec` does not move its contents.
        let status = unsafe {
            native::pico_initialize(memory.as_mut_ptr().cast::<c_void>(), MEMORY_BYTES as u32, &mut system)
        };
        let this = Self {
            system,
            engine: ptr::null_mut(),
            resources: Vec::new(),
            voice_defined: false,
            _memory: memory,
        };
        this.check("start", status)?;
        Ok(this)
    }

    fn load(&mut self, resources: [&[u8]; 2]) -> Result<(), SynthesisError> {
        // SAFETY: the system is valid, the name ends in a zero byte, and the library copies it.
        let status = unsafe { native::pico_createVoiceDefinition(self.system, VOICE_NAME.as_ptr().cast()) };
        self.check("define a voice", status)?;
        self.voice_defined = true;
        for bytes in resources {
            let file = resource::as_file(bytes).map_err(SynthesisError::TemporaryFile)?;
            let path = file.path().to_string_lossy().into_owned();
            if path.len() > LONGEST_PATH {
                return Err(SynthesisError::PathTooLong { path });
            }
            // A path in which a zero byte makes this fail cannot name a file.
            let name = CString::new(path).map_err(|error| SynthesisError::TemporaryFile(error.into()))?;
            let mut loaded = ptr::null_mut();
            // SAFETY: the system is valid; the name ends in a zero byte and is shorter than the library's buffer.
            let status = unsafe { native::pico_loadResource(self.system, name.as_ptr().cast(), &mut loaded) };
            self.check("load a language resource", status)?;
            self.resources.push(loaded);

            let mut resource_name = [0; native::PICO_MAX_RESOURCE_NAME_SIZE];
            // SAFETY: system and resource are valid, and the buffer has the size that the library asks for.
            let status = unsafe {
                native::pico_getResourceName(self.system, loaded, resource_name.as_mut_ptr().cast())
            };
            self.check("name a language resource", status)?;
            // SAFETY: all three are valid, and both names end in a zero byte.
            let status = unsafe {
                native::pico_addResourceToVoiceDefinition(
                    self.system,
                    VOICE_NAME.as_ptr().cast(),
                    resource_name.as_ptr(),
                )
            };
            self.check("use a language resource", status)?;
        }
        Ok(())
    }

    fn start_engine(&mut self) -> Result<(), SynthesisError> {
        let mut engine = ptr::null_mut();
        // SAFETY: the system is valid, and the voice is defined with both of its resources: `load` has succeeded.
        let status = unsafe { native::pico_newEngine(self.system, VOICE_NAME.as_ptr().cast(), &mut engine) };
        self.check("begin to speak", status)?;
        self.engine = engine;
        Ok(())
    }

    fn speak(&mut self, text: &str) -> Result<Vec<i16>, SynthesisError> {
        // The zero byte at the end makes the engine speak what it still holds back.
        let bytes = [text.as_bytes(), &[0]].concat();
        let mut rest = bytes.as_slice();
        let mut samples = Vec::new();
        while !rest.is_empty() {
            let offered = i16::try_from(rest.len()).unwrap_or(i16::MAX);
            let mut taken = 0;
            // SAFETY: the engine is valid, and `offered` bytes can be read.
            let status = unsafe { native::pico_putTextUtf8(self.engine, rest.as_ptr(), offered, &mut taken) };
            self.check("take text", status)?;
            rest = rest.get(usize::try_from(taken).unwrap_or(0)..).unwrap_or_default();
            let heard = self.drain(&mut samples)?;
            if taken <= 0 && !heard {
                return Err(SynthesisError::Engine {
                    act: "take text",
                    status,
                    message: "its buffer stays full".to_owned(),
                });
            }
        }
        Ok(samples)
    }

    /// Takes samples until the engine wants more text. Returns whether there were any.
    fn drain(&mut self, samples: &mut Vec<i16>) -> Result<bool, SynthesisError> {
        let before = samples.len();
        let mut buffer = [0_i16; 512];
        loop {
            let (mut bytes, mut kind) = (0, 0);
            // SAFETY: the engine is valid, and the buffer is as large as stated.
            let status = unsafe {
                native::pico_getData(
                    self.engine,
                    buffer.as_mut_ptr().cast::<c_void>(),
                    size_of_val(&buffer) as i16,
                    &mut bytes,
                    &mut kind,
                )
            };
            let count = usize::try_from(bytes).unwrap_or(0) / size_of::<i16>();
            samples.extend_from_slice(&buffer[..count.min(buffer.len())]);
            match status {
                native::PICO_STEP_BUSY => {}
                native::PICO_STEP_IDLE => return Ok(samples.len() > before),
                _ => return Err(self.failure("speak", status)),
            }
        }
    }

    fn check(&self, act: &'static str, status: native::pico_Status) -> Result<(), SynthesisError> {
        if status == native::PICO_OK { Ok(()) } else { Err(self.failure(act, status)) }
    }

    fn failure(&self, act: &'static str, status: native::pico_Status) -> SynthesisError {
        let mut message = [0; native::PICO_RETSTRINGSIZE];
        // SAFETY: the library checks the handle, and the buffer has the size that it asks for.
        unsafe { native::pico_getSystemStatusMessage(self.system, status, message.as_mut_ptr().cast()) };
        let message = CStr::from_bytes_until_nul(&message).unwrap_or_default().to_string_lossy().into_owned();
        SynthesisError::Engine { act, status, message }
    }
}

impl Drop for System {
    fn drop(&mut self) {
        // SAFETY: each handle is valid or null, and is let go of in the order that the library asks for: the engine
        // holds the voice, the voice its resources, and all of them the system. Unloading closes the files.
        unsafe {
            if !self.engine.is_null() {
                native::pico_disposeEngine(self.system, &mut self.engine);
            }
            if self.voice_defined {
                native::pico_releaseVoiceDefinition(self.system, VOICE_NAME.as_ptr().cast());
            }
            for resource in &mut self.resources {
                native::pico_unloadResource(self.system, resource);
            }
            if !self.system.is_null() {
                native::pico_terminate(&mut self.system);
            }
        }
    }
}
