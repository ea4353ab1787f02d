;; Takes a specification file on standard input as Scheme, evaluates it with records that check what
;; they are given, and prints what it came to in the same forms, one field to a line.
(use-modules (ice-9 match) (ice-9 textual-ports) (srfi srfi-1) (srfi srfi-9))

(set-port-encoding! (current-input-port) "UTF-8")
(set-port-encoding! (current-output-port) "UTF-8")

(define-record-type <made> (make type fields) made? (type made-type) (fields made-fields))

(define (check type allowed needed fields)
  (let ((names (map car fields)))
    (unless (every (lambda (name) (memq name allowed)) names)
      (error "unknown field" type names))
    (unless (every (lambda (name) (memq name names)) needed)
      (error "missing field" type names))
    (unless (= (length names) (length (delete-duplicates names)))
      (error "field written twice" type names))
    (make type fields)))

(define-syntax-rule (define-record form allowed needed)
  (define-syntax form
    (syntax-rules ()
      ((_ (field value) (... ...))
       (check 'form 'allowed 'needed (list (cons 'field value) (... ...)))))))

(define-record specification
  (name build channels build-outputs notifications period priority systems is-active?
   backend share max-running timeout max-silent-time superseded trust keep)
  (name))
(define-record channel (name url branch commit introduction credential) (name url))
(define-record build-output (job type output path) (job type))
(define-record email (from to server) (from to server))
(define-record webhook (url secret) (url))
(define-record mastodon () ())

(define (openpgp-fingerprint text)
  (unless (= 40 (string-length (string-delete char-whitespace? text)))
    (error "no fingerprint" text))
  (make 'openpgp-fingerprint (list text)))
(define (make-channel-introduction commit fingerprint)
  (unless (and (string? commit) (eq? 'openpgp-fingerprint (made-type fingerprint)))
    (error "no introduction" commit fingerprint))
  (make 'make-channel-introduction (list commit fingerprint)))

(define (print-value value)
  (cond ((and (made? value) (memq (made-type value)
                                  '(openpgp-fingerprint make-channel-introduction)))
         (print-call (made-type value) (made-fields value)))
        ((made? value)
         (format #t "(~a" (made-type value))
         (for-each (match-lambda
                     ((name . value)
                      (format #t "~%(~a " name)
                      (print-value value)
                      (display ")")))
                   (made-fields value))
         (display ")"))
        ((and (pair? value) (made? (car value))) (print-call 'list value))
        ((or (symbol? value) (list? value)) (display "'") (write value))
        (else (write value))))

(define (print-call head items)
  (format #t "(~a" head)
  (for-each (lambda (item) (newline) (print-value item)) items)
  (display ")"))

(let* ((port (open-input-string (get-string-all (current-input-port))))
       (value (eval (read port) (current-module))))
  (unless (eof-object? (read port)) (error "more than one datum"))
  (print-value value)
  (newline))
