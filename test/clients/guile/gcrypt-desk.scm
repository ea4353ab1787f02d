;; libgcrypt, as Guix uses it, behind lines of hexadecimal: each line of standard input is a question,
;; each line of standard output its answer. Run with (gcrypt …) of guile-gcrypt on the load path.
(use-modules (gcrypt pk-crypto) (gcrypt hash) (gcrypt base16) (gcrypt base64)
             (ice-9 match) (ice-9 rdelim) (rnrs bytevectors) (srfi srfi-13))

(define hex->bytes base16-string->bytevector)
(define bytes->hex bytevector->base16-string)
(define (hex->text hex) (bytevector->string (hex->bytes hex)))
(define (text->hex text) (bytes->hex (string->bytevector text)))
;; A character stands for a byte, whatever the locale.
(define (bytevector->string bytes)
  (list->string (map integer->char (bytevector->u8-list bytes))))
(define (string->bytevector text)
  (u8-list->bytevector (map char->integer (string->list text))))

;; The signature as Guix composes it: what was signed, the numbers, the public key.
(define (signature-of key digest)
  (let* ((secret (string->canonical-sexp key))
         (public (find-sexp-token secret 'ecc))
         (q (canonical-sexp-nth-data (find-sexp-token public 'q) 1))
         (data (bytevector->hash-data digest #:key-type (key-type secret)))
         (numbers (sign data secret)))
    (canonical-sexp->string
     (string->canonical-sexp
      (string-append "(signature " (canonical-sexp->string data)
                     (canonical-sexp->string numbers)
                     "(public-key (ecc (curve Ed25519) (q #" (bytes->hex q) "#))))")))))

(define (verdict signature digest)
  (let* ((sexp (string->canonical-sexp signature))
         (data (find-sexp-token sexp 'data))
         (numbers (find-sexp-token sexp 'sig-val))
         (key (find-sexp-token sexp 'public-key)))
    (cond ((not (string=? (canonical-sexp->string data)
                          (canonical-sexp->string (bytevector->hash-data digest)))) "other")
          ((verify numbers data key) "good")
          (else "bad"))))

;; As a client does with a narinfo: all that stands before the word is signed.
(define (narinfo-verdict text)
  (let* ((at (string-contains text "Signature:"))
         (line (car (string-split (substring text at) #\newline)))
         (encoded (list-ref (string-split line #\;) 2)))
    (verdict (bytevector->string (base64-decode encoded))
             (sha256 (string->bytevector (substring text 0 at))))))

(define (answer question)
  (match question
    (("generate")
     ;; Keys lie in libgcrypt's small secure memory until they are collected.
     (gc)
     (text->hex
      (canonical-sexp->string
       (find-sexp-token
        (generate-key
         (string->canonical-sexp
          "(genkey (ecdsa (curve Ed25519) (flags rfc6979 transient-key)))"))
        'private-key))))
    (("print" sexp)
     (text->hex (canonical-sexp->string (string->canonical-sexp (hex->text sexp)))))
    (("sign" key digest) (text->hex (signature-of (hex->text key) (hex->bytes digest))))
    (("verify" signature digest) (verdict (hex->text signature) (hex->bytes digest)))
    (("narinfo" text) (narinfo-verdict (hex->text text)))))

(setlocale LC_ALL "C")
(set-port-encoding! (current-input-port) "ISO-8859-1")
(set-port-encoding! (current-output-port) "ISO-8859-1")
(let loop ((line (read-line)))
  (unless (eof-object? line)
    (display
     (catch #t
       (lambda () (answer (string-split line #\space)))
       (lambda (key . rest) (string-append "error:" (symbol->string key)))))
    (newline)
    (force-output)
    (loop (read-line))))
