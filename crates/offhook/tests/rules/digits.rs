//! The digits that the far end presses.

use offhook::Answer;

use crate::support::*;

/// DTMF-10, DTMF-12: at least 128 digits are kept, each press once; of more the oldest are dropped.
#[test]
fn the_newest_128_digits_are_kept() {
    scene(6, |mut scene| async move {
        let (call, channel) = scene.plain_call().await;
        channel.answer(Answer::new()).await.unwrap();
        let pressed: String = (0..140).map(|number| char::from(b"0123456789*#"[number % 12])).collect();
        for part in pressed.as_bytes().chunks(20) {
            call.send_digits(std::str::from_utf8(part).unwrap());
            scene.sim.sleep(secs(10.0)).await;
        }
        let kept = channel.digits();
        assert!(kept.len() >= 128 && pressed.ends_with(&kept), "{kept}");
    });
}

/// DTMF-12: one press is one digit, whatever is lost on the way; repeated presses are counted apart.
#[test]
fn every_press_is_one_digit() {
    for seed in 0..8 {
        scene(seed, |mut scene| async move {
            let (call, channel) = scene.plain_call().await;
            channel.answer(Answer::new()).await.unwrap();
            let loss = 0.05 * seed as f64;
            scene.sim.set_link(offhook::sim::Link {
                delay: ms(30),
                loss,
                duplicate: 0.1,
                ..Default::default()
            });
            call.send_digits("1155*9#00");
            scene.sim.sleep(secs(10.0)).await;
            assert_eq!(channel.digits(), "1155*9#00", "seed {seed}");
        });
    }
}
