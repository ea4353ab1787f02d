;; Reads what people are told to type, as Guix would: the list of channels, and the expression of
;; `guix build -e`, with modules of ours in the places of Guix's. Prints what became of both.
;; Run as: guile ask-for-job.scm CHANNELS-FILE EXPRESSION
(define-module (gnu ci) #:export (cuirass-jobs asked))
(define asked #f)
(define (cuirass-jobs store arguments)
  (set! asked arguments)
  '(((#:job-name . "other") (#:derivation . "/gnu/store/other.drv"))
    ((#:job-name . "iso's \"image\"") (#:derivation . "/gnu/store/image.drv"))))

(define-module (guix derivations) #:export (read-derivation-from-file))
(define (read-derivation-from-file file) (list 'derivation file))

(define-module (guile-user))
;; Records as data.
(define (openpgp-fingerprint text) (string-filter char-set:hex-digit text))
(define (make-channel-introduction commit signer) (list commit signer))
(define-syntax-rule (channel (field value) ...) (list (cons 'field value) ...))

(let* ((arguments (command-line))
       (file (list-ref arguments 1))
       (expression (list-ref arguments 2))
       (here (resolve-module '(guile-user)))
       (procedure (eval (call-with-input-string expression read) here)))
  (write (eval (call-with-input-file file read) here))
  (newline)
  (call-with-values (lambda () ((procedure) 'the-store))
    (lambda (derivation store) (write (list derivation store))))
  (newline)
  (write (@ (gnu ci) asked))
  (newline))
