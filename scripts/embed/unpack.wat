;; Puts together the module that pack.mjs took apart. Not JavaScript does it but WebAssembly, which is fast from the start.
(module
  ;; The text lies at 0, its streams one after the other, each ended by "~".
  (memory (export "memory") 4)
  (global $cursors i32 (i32.const 0x18000)) ;; where each stream is read next
  (global $table i32 (i32.const 0x18100)) ;; at each place an instruction and the stream of its operand
  (global $module i32 (i32.const 0x18400))
  (global $at (mut i32) (i32.const 0x18400)) ;; where the module goes on

  ;; Where the module is, and how long.
  (func (export "unpack") (result i32 i32)
    (local $stream i32) (local $from i32) (local $count i32) (local $entry i32) (local $body i32) (local $length i32)
    (local $cursor i32) (local $digit i32)

    (loop $streams
      (i32.store (i32.add (global.get $cursors) (i32.shl (local.get $stream) (i32.const 2))) (local.get $from))
      (loop $characters
        (local.set $length (i32.load8_u (local.get $from)))
        (local.set $from (i32.add (local.get $from) (i32.const 1)))
        (br_if $characters (i32.ne (local.get $length) (i32.const 126))))
      (br_if $streams (i32.ne (local.tee $stream (i32.add (local.get $stream) (i32.const 1))) (i32.const 10))))

    (local.set $entry (global.get $table))
    (local.set $stream (i32.const 1))
    (loop $kinds
      (local.set $count (call $count (i32.const 0)))
      (loop $instructions
        (if (local.get $count)
          (then
            (i32.store8 (local.get $entry) (call $character (i32.const 0)))
            (i32.store8 offset=1 (local.get $entry) (local.get $stream))
            (local.set $entry (i32.add (local.get $entry) (i32.const 2)))
            (local.set $count (i32.sub (local.get $count) (i32.const 1)))
            (br $instructions))))
      (br_if $kinds (i32.ne (local.tee $stream (i32.add (local.get $stream) (i32.const 1))) (i32.const 10))))

    (call $copy) ;; what comes before the functions
    (local.set $count (call $count (i32.const 9)))
    (loop $functions
      (local.set $body (global.get $at))
      (global.set $at (i32.add (local.get $body) (i32.const 3)))
      (call $copy) ;; what locals it has
      (loop $instructions
        (local.set $entry (i32.add (global.get $table) (i32.shl (call $character (i32.const 1)) (i32.const 1))))
        (local.set $stream (i32.load8_u offset=1 (local.get $entry)))
        ;; The instruction, and a 0: the hint on alignment, where there is one.
        (i32.store16 (global.get $at) (i32.load8_u (local.get $entry)))
        (global.set $at (i32.add (i32.add (global.get $at) (i32.const 1)) (i32.eq (local.get $stream) (i32.const 3))))
        (if (i32.eq (local.get $stream) (i32.const 9)) (then (call $copy))
          (else (if (i32.ne (local.get $stream) (i32.const 1)) (then
            (local.set $cursor (i32.add (global.get $cursors) (i32.shl (local.get $stream) (i32.const 2))))
            (local.set $digit (i32.sub (i32.load8_u (local.tee $from (i32.load (local.get $cursor)))) (i32.const 35)))
            (if (i32.lt_u (local.get $digit) (i32.const 57))
              (then ;; as most operands: one digit, one byte, and no time for calls
                (i32.store (local.get $cursor) (i32.add (local.get $from) (i32.const 1)))
                (if (i32.eq (local.get $stream) (i32.const 2))
                  (then
                    (local.set $digit
                      (i32.and (i32.const 127)
                        (i32.xor
                          (i32.shr_u (local.get $digit) (i32.const 1))
                          (i32.sub (i32.const 0) (i32.and (local.get $digit) (i32.const 1))))))))
                (i32.store8 (global.get $at) (local.get $digit))
                (global.set $at (i32.add (global.get $at) (i32.const 1))))
              (else (call $leb (local.get $stream))))))))
        (br_if $instructions (i32.ne (local.get $entry) (global.get $table))))
      ;; Its length, in three bytes whatever it is.
      (local.set $length (i32.sub (i32.sub (global.get $at) (local.get $body)) (i32.const 3)))
      (i32.store8 (local.get $body) (i32.or (local.get $length) (i32.const 128)))
      (i32.store8 offset=1 (local.get $body) (i32.or (i32.shr_u (local.get $length) (i32.const 7)) (i32.const 128)))
      (i32.store8 offset=2 (local.get $body) (i32.shr_u (local.get $length) (i32.const 14)))
      (br_if $functions (local.tee $count (i32.sub (local.get $count) (i32.const 1)))))
    (call $copy) ;; what comes after them

    (global.get $module)
    (i32.sub (global.get $at) (global.get $module)))

  (func $put (param $byte i32)
    (i32.store8 (global.get $at) (local.get $byte))
    (global.set $at (i32.add (global.get $at) (i32.const 1))))

  ;; So many bytes.
  (func $copy
    (local $count i32)
    (local.set $count (call $count (i32.const 9)))
    (loop $bytes
      (if (local.get $count)
        (then
          (call $put (call $character (i32.const 9)))
          (local.set $count (i32.sub (local.get $count) (i32.const 1)))
          (br $bytes)))))

  ;; A stream's next number as LEB128; constants have a sign.
  (func $leb (param $stream i32)
    (local $value i64) (local $byte i32) (local $constant i32)
    (local.set $value (call $digits (local.get $stream)))
    (if (local.tee $constant (i32.eq (local.get $stream) (i32.const 2)))
      (then
        (local.set $value
          (i64.xor
            (i64.shr_u (local.get $value) (i64.const 1))
            (i64.sub (i64.const 0) (i64.and (local.get $value) (i64.const 1)))))))
    (loop $bytes
      (local.set $byte (i32.and (i32.wrap_i64 (local.get $value)) (i32.const 127)))
      (local.set $value (i64.shr_s (local.get $value) (i64.const 7)))
      (if
        (i64.ne
          (local.get $value)
          (i64.sub (i64.const 0) (i64.extend_i32_u (i32.and (local.get $constant) (i32.shr_u (local.get $byte) (i32.const 6))))))
        (then
          (call $put (i32.or (local.get $byte) (i32.const 128)))
          (br $bytes))))
    (call $put (local.get $byte)))

  (func $count (param $stream i32) (result i32)
    (i32.wrap_i64 (call $digits (local.get $stream))))

  (func $digits (param $stream i32) (result i64)
    (local $digit i64)
    (local.set $digit (i64.extend_i32_u (call $character (local.get $stream))))
    (if (i64.gt_u (local.get $digit) (i64.const 56))
      (then (local.set $digit (i64.add (local.get $digit) (i64.shl (call $digits (local.get $stream)) (i64.const 5))))))
    (local.get $digit))

  (func $character (param $stream i32) (result i32)
    (local $cursor i32) (local $code i32)
    (local.set $cursor (i32.add (global.get $cursors) (i32.shl (local.get $stream) (i32.const 2))))
    (local.set $code (i32.load8_u (i32.load (local.get $cursor))))
    (i32.store (local.get $cursor) (i32.add (i32.load (local.get $cursor)) (i32.const 1)))
    (if (result i32) (i32.lt_u (local.get $code) (i32.const 34))
      (then (i32.add (i32.sub (i32.mul (local.get $code) (i32.const 84)) (i32.const 2599)) (call $character (local.get $stream)))) ;; 89 + 84 * (code - 32)
      (else (i32.sub (local.get $code) (i32.add (i32.const 35) (i32.gt_u (local.get $code) (i32.const 92)))))))
)
